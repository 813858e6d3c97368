//! Zipkin's own clients, and the Zipkin exporters of SDKs: what they send arrives as it is meant.

use tests::Backend;
use tests::backend::Export;
use tests::sdk::{self, Sdk};
use tests::zipkin::{attributes_in_words, in_words};

use crate::FERROTEL;
use crate::zipkin::receiving;

/// What the scripts send, but for the words that stand for what clients do each in their own way.
const SPAN: &str = "server \"get /cart\" 5b8efff798038103d269b633813fc60c/eee19b7ec3c1b174<53995c3f42cd8ad8 \
    1700000000250000000..1700000000750000000 ";

/// Version 2 has both endpoints on the span.
const PY_ZIPKIN_V2: &str = "{service.name=\"shop\"} {http.path=\"/cart\", net.host.port=8080, net.peer.port=9000, \
    network.local.address=\"10.0.0.1\", network.peer.address=\"10.0.0.2\", retries=\"3\", service.peer.name=\"front\"} \
    @1700000000375000000 \"checked\" {}";

/// Version 1 has its own endpoint on the resource, and the other one in an annotation.
const PY_ZIPKIN_V1: &str = "{ipv4=\"10.0.0.1\", port=\"8080\", service.name=\"shop\"} {ca=\"true\", http.path=\"/cart\", \
    net.peer.port=9000, network.peer.address=\"10.0.0.2\", retries=\"3\", service.peer.name=\"front\"} \
    @1700000000375000000 \"checked\" {}";

/// This client does not write the name of its peer.
const ZIPKIN_JS_V2: &str = "{service.name=\"shop\"} {http.path=\"/cart\", net.host.port=8080, net.peer.port=9000, \
    network.local.address=\"10.0.0.1\", network.peer.address=\"10.0.0.2\", retries=\"3\"} \
    @1700000000375000000 \"checked\" {}";

const ZIPKIN_JS_V1: &str = "{ipv4=\"10.0.0.1\", port=\"8080\", service.name=\"shop\"} {ca=\"true\", http.path=\"/cart\", \
    net.peer.port=9000, network.peer.address=\"10.0.0.2\", retries=\"3\"} @1700000000375000000 \"checked\" {}";

/// The SDK writes the description of its status and the attributes of its event in ways of its own.
const OPENTELEMETRY_V2: &str = "{host.name=\"h1\", service.name=\"shop\"} {error=\"it broke\", http.path=\"/cart\", \
    net.host.port=8080, network.local.address=\"10.0.0.1\", retries=\"3\", whole=\"7\"} status 2 \"it broke\" \
    @1700000000375000000 \"{\\\"checked\\\": {\\\"late\\\": false}}\" {}";

/// In version 1 all of that are binary annotations, those of the resource and the scope among them.
const OPENTELEMETRY_V1: &str = "{service.name=\"shop\"} {host.name=\"h1\", http.path=\"/cart\", \
    otel.library.name=\"shop.library\", otel.library.version=\"4.5.6\", otel.scope.name=\"shop.library\", \
    otel.scope.version=\"4.5.6\", retries=\"3\", service.name=\"shop\", whole=\"7\"} status 2 \"it broke\" \
    @1700000000375000000 \"{\\\"checked\\\": {\\\"late\\\": false}}\" {}";

#[tokio::test]
async fn what_py_zipkin_sends_arrives_as_it_is_meant() {
    let Some(python) = sdk::ZIPKIN.python().await else { return };
    for (form, expected) in [("json-v1", PY_ZIPKIN_V1), ("json-v2", PY_ZIPKIN_V2), ("proto-v2", PY_ZIPKIN_V2)]
    {
        check(&python, &format!("py-zipkin/{form}"), SPAN, expected).await;
    }
}

#[tokio::test]
async fn what_zipkin_js_sends_arrives_as_it_is_meant() {
    let Some(node) = sdk::ZIPKIN.node().await else { return };
    for (form, expected) in [("json-v1", ZIPKIN_JS_V1), ("json-v2", ZIPKIN_JS_V2)] {
        check(&node, form, SPAN, expected).await;
    }
}

#[tokio::test]
async fn what_the_zipkin_exporters_of_the_python_sdk_send_arrives_as_it_is_meant() {
    let Some(python) = sdk::ZIPKIN.python().await else { return };
    let span = SPAN.replace("server \"get", "unspecified \"GET");
    for (form, expected) in
        [("json-v2", OPENTELEMETRY_V2), ("proto-v2", OPENTELEMETRY_V2), ("json-v1", OPENTELEMETRY_V1)]
    {
        check(&python, &format!("opentelemetry/{form}"), &span, expected).await;
    }
}

/// Lets `client` send its span, and compares what arrives: `span`, then `rest`, which begins with the resource.
async fn check(sdk: &Sdk, client: &str, span: &str, rest: &str) {
    let backend = Backend::start();
    let collector = FERROTEL.start(&receiving(&backend.address(), "")).await;
    sdk.run(client, &collector.zipkin().await).await;
    let taken = backend.wait_for_taken(1).await;
    let (resource, found) = taken.iter().find_map(of_the_script).expect("the script's own span arrives");
    let rest_found = found.strip_prefix(span).unwrap_or_else(|| panic!("{client}: {found}"));
    assert_eq!(format!("{resource} {rest_found}"), rest, "{client}");
    collector.assert_books_balance().await;
}

/// The resource and the span of that id, in words.
fn of_the_script(export: &Export) -> Option<(String, String)> {
    let Export::Traces(request) = export else { return None };
    request.resource_spans.iter().find_map(|part| {
        let spans = part.scope_spans.iter().flat_map(|scope| &scope.spans);
        let span = spans.into_iter().find(|span| span.span_id[..2] == [0xee, 0xe1])?;
        let resource = part.resource.as_ref().map_or(&[][..], |resource| &resource.attributes);
        Some((attributes_in_words(resource), in_words(span)))
    })
}
