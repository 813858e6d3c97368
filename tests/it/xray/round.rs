//! What somebody else's X-Ray has of what was sent.

use tests::backend::Export;
use tests::client::Client;
use tests::moto::Moto;
use tests::patience::until;
use tests::proto::common::v1::any_value::Value as Any;
use tests::proto::trace::v1::span::Event;
use tests::samples;
use tests::serde_json::json;

use super::{Credentials, collector, ids, spans};

#[tokio::test]
async fn moto_has_the_trace_with_names_times_http_and_cause() {
    let Some(moto) = Moto::start().await else { return };
    let credentials = Credentials::of("KEY");
    let collector =
        collector(&format!("http://{}", moto.address()), &credentials, "indexed_attributes: [customer]")
            .await;
    let mut sent = spans(2);
    sent[1].parent_span_id = sent[0].span_id.clone();
    sent[1].kind = 3;
    let text = |key: &str, text: &str| samples::attribute(key, Any::StringValue(text.to_owned()));
    sent[1].attributes.extend([text("peer.service", "stock"), text("customer", "c1")]);
    sent[1].events = vec![Event {
        name: "exception".to_owned(),
        attributes: vec![text("exception.type", "Timeout"), text("exception.message", "too slow")],
        ..Event::default()
    }];
    let client = Client::connect(&collector.grpc().await).await;
    let request = samples::trace_request(sent);
    client.export(Export::Traces(request)).await.expect("the queue takes it");

    let trace = "1-5f5f5f5f-5f5f5f5f5f5f5f5f5f5f5f5f";
    let mut documents = until("moto has both segments", async || {
        Some(moto.documents(trace).await).filter(|documents| documents.len() == 2)
    })
    .await;
    documents.sort_by_key(|document| document["id"].to_string());
    let http = json!({ "request": { "method": "GET", "url": "http://shop.example/cart" },
        "response": { "status": 503, "content_length": 0 } });
    for (document, (id, name)) in documents.iter().zip(ids(0..2).into_iter().zip(["shop", "stock"])) {
        assert_eq!((&document["id"], &document["name"]), (&json!(id), &json!(name)));
        for (key, seconds) in [("start_time", 1_700_000_000.123_457), ("end_time", 1_700_000_000.124_457)] {
            let found = document[key].as_f64().expect("a number");
            assert!((found - seconds).abs() < 1e-6, "{key} is {found}");
        }
        assert_eq!(document["http"], http);
        assert_eq!(document["fault"], true);
    }
    let [server, call] = documents.as_slice() else { panic!("two documents") };
    assert_eq!(server["cause"]["exceptions"][0]["message"], "it broke");
    assert_eq!((&call["type"], &call["namespace"]), (&json!("subsegment"), &json!("remote")));
    assert_eq!(call["parent_id"], server["id"]);
    assert_eq!(call["annotations"], json!({ "customer": "c1" }));
    let exception = &call["cause"]["exceptions"][0];
    assert_eq!((&exception["type"], &exception["message"]), (&json!("Timeout"), &json!("too slow")));
    collector.assert_books_balance().await;
}
