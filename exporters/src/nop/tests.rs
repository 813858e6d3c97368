use component::testing::{context, spans};
use component::{Exporter, Kind};

use super::Config;

#[tokio::test]
async fn takes_everything() {
    let exporter = Config::default().start(context(Kind::Exporter, "nop")).await.unwrap();
    assert!(exporter.consume(spans(3)).await.is_ok());
}
