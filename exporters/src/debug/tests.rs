use std::sync::Arc;
use std::time::Duration;

use component::testing::{context, spans};
use component::{Exporter, Kind, Problem};
use config::{Diagnostics, Path};
use parking_lot::Mutex;
use serde::de::DeserializeOwned;
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::layer::{Layer, SubscriberExt};

use super::sampler::Sampler;
use super::show::Screen;
use super::{Config, Logging, Verbosity};

fn read<T: DeserializeOwned>(text: &str) -> T {
    let mut findings = Diagnostics::new();
    let node = config::parse("test", text, &mut findings).unwrap();
    config::read(&node, &Path::root(), &mut findings).unwrap_or_else(|| panic!("{findings}"))
}

fn errors(problems: &[Problem]) -> Vec<String> {
    let error = |problem: &Problem| match problem {
        Problem::Error { path, .. } => Some(path.join("::")),
        Problem::Warning { .. } => None,
    };
    problems.iter().filter_map(error).collect()
}

#[test]
fn own_paths_need_the_own_logger() {
    assert_eq!(errors(&Config::default().check()), Vec::<String>::new());
    assert_eq!(errors(&read::<Config>("output_paths: [stderr]").check()), ["output_paths"]);
    assert_eq!(
        errors(&read::<Config>("{ use_internal_logger: false, output_paths: [] }").check()),
        ["output_paths"]
    );
    assert_eq!(
        errors(&read::<Config>("{ use_internal_logger: false, output_paths: [stderr] }").check()),
        [""; 0]
    );
}

#[test]
fn a_queue_stands_in_front_only_if_wanted() {
    assert!(Config::default().delivery().queue.is_none());
    assert!(read::<Config>("sending_queue:").delivery().queue.is_some());
    assert_eq!(
        errors(&read::<Config>("sending_queue: { queue_size: 0 }").check()),
        ["sending_queue::queue_size"]
    );
}

#[test]
fn the_old_settings_mean_what_they_meant() {
    for (text, verbosity, thereafter) in [
        ("{}", Verbosity::Normal, 500),
        ("loglevel: debug", Verbosity::Detailed, 500),
        ("loglevel: info", Verbosity::Normal, 500),
        ("loglevel: warn", Verbosity::Basic, 500),
        ("loglevel: error", Verbosity::Basic, 500),
        ("{ verbosity: basic, sampling_thereafter: 7 }", Verbosity::Basic, 7),
    ] {
        let old: Logging = read(text);
        let new = old.as_debug();
        assert_eq!(
            (new.verbosity, new.sampling_initial, new.sampling_thereafter),
            (verbosity, 2, thereafter),
            "{text}"
        );
        assert_eq!(errors(&old.check()), Vec::<String>::new());
        assert!(matches!(&old.check()[0], Problem::Warning { message, .. } if message.contains("`debug`")));
    }
    assert_eq!(errors(&read::<Logging>("{ loglevel: info, verbosity: basic }").check()), ["loglevel"]);
}

#[tokio::test(start_paused = true)]
async fn shows_so_many_in_each_second_and_then_every_so_many_th() {
    let shown = |sampler: &Sampler| (0..10).map(|_| u8::from(sampler.shows())).collect::<Vec<_>>();
    let sampler = Sampler::new(2, 3);
    assert_eq!(shown(&sampler), [1, 1, 0, 0, 1, 0, 0, 1, 0, 0]);
    tokio::time::advance(Duration::from_secs(1)).await;
    assert_eq!(shown(&sampler), [1, 1, 0, 0, 1, 0, 0, 1, 0, 0]);
    assert_eq!(shown(&Sampler::new(1, 0)), [1, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    assert_eq!(shown(&Sampler::new(2, 1)), [1; 10]);
}

#[tokio::test]
async fn writes_to_its_own_files() {
    let path = std::env::temp_dir().join(format!("debug-{}", std::process::id()));
    let config = Config {
        use_internal_logger: false,
        output_paths: vec![path.display().to_string()],
        verbosity: Verbosity::Normal,
        ..Config::default()
    };
    let exporter = config.start(context(Kind::Exporter, "debug")).await.unwrap();
    exporter.consume(spans(1)).await.unwrap();
    let expected = "Traces\t{\"resource spans\": 1, \"spans\": 1}\n\
                    ResourceTraces #0 service.name=test\nScopeTraces #0 scope\n0  \n\n";
    assert_eq!(std::fs::read_to_string(&path).unwrap(), expected);
    std::fs::remove_file(&path).unwrap();
}

/// The fields of each event, as `name=value`.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<Vec<String>>>>);

struct Fields(Vec<String>);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        self.0.push(format!("{}={value:?}", field.name()));
    }
}

impl<S: Subscriber> Layer<S> for Log {
    fn on_event(&self, event: &Event<'_>, _: tracing_subscriber::layer::Context<'_, S>) {
        assert_eq!(event.metadata().target(), super::show::TARGET);
        let mut fields = Fields(Vec::new());
        event.record(&mut fields);
        self.0.lock().push(fields.0);
    }
}

#[test]
fn the_log_has_the_names_of_the_go_collector() {
    let screen = Screen { id: "debug/x".to_owned(), verbosity: Verbosity::Normal, own: None };
    let log = Log::default();
    let shown = spans(2).payload;
    tracing::subscriber::with_default(tracing_subscriber::registry().with(log.clone()), || {
        screen.show(&shown)
    });
    let events = log.0.lock();
    for who in [
        "otelcol.component.id=\"debug/x\"",
        "otelcol.component.kind=\"exporter\"",
        "otelcol.signal=\"traces\"",
    ] {
        assert!(events.iter().all(|fields| fields.iter().any(|field| field == who)), "{events:?}");
    }
    for what in ["message=Traces", "resource spans=1", "spans=2"] {
        assert!(events[0].iter().any(|field| field == what), "{events:?}");
    }
    let text = "message=ResourceTraces #0 service.name=test\nScopeTraces #0 scope\n0  \n1  \n";
    assert!(events[1].iter().any(|field| field == text), "{events:?}");
    assert_eq!(events.len(), 2);
}

#[test]
fn the_example_of_the_readme_is_read() {
    let (_, rest) = include_str!("README.md").split_once("```yaml\n").unwrap();
    let mut findings = Diagnostics::new();
    let node = config::parse("README.md", rest.split_once("```").unwrap().0, &mut findings).unwrap();
    let node = node.get("exporters::debug").unwrap();
    let config: Config = config::read(node, &Path::root(), &mut findings).unwrap();
    assert_eq!(config.verbosity, Verbosity::Detailed);
}
