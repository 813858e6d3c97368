//! Spans of every kind, with the documents that the Go Collector makes of them.

use super::*;

/// A Java service.
fn shop() -> Value {
    json!({ "service.name": "shop", "service.version": "1.2", "telemetry.sdk.name": "opentelemetry",
        "telemetry.sdk.language": "java", "telemetry.sdk.version": "1.30" })
}

fn sdk() -> Value {
    json!({ "sdk": "opentelemetry for java", "sdk_version": "1.30", "auto_instrumentation": false })
}

/// The attributes of [`shop`] as metadata.
fn shop_metadata() -> Value {
    json!({ "otel.resource.service.name": "shop", "otel.resource.service.version": "1.2",
        "otel.resource.telemetry.sdk.language": "java", "otel.resource.telemetry.sdk.name": "opentelemetry",
        "otel.resource.telemetry.sdk.version": "1.30" })
}

#[test]
fn a_server_by_the_new_conventions() {
    let attributes = json!({ "http.request.method": "GET", "url.scheme": "https", "server.address": "api.example.com",
        "server.port": 8443, "url.path": "/items", "url.query": "q=1", "client.address": "203.0.113.9",
        "user_agent.original": "curl/8", "http.response.status_code": 200, "enduser.id": "u1", "custom.key": "v" });
    let mut metadata = shop_metadata();
    metadata["custom.key"] = "v".into();
    let expected = json!({ "name": "shop", "service": { "version": "1.2" }, "user": "u1",
        "http": { "request": { "x_forwarded_for": true, "method": "GET",
            "url": "https://api.example.com:8443/items?q=1", "user_agent": "curl/8", "client_ip": "203.0.113.9" },
            "response": { "status": 200, "content_length": 0 } },
        "aws": { "xray": sdk() }, "metadata": { "default": metadata } });
    check(&shop(), &json!({ "kind": SERVER, "attributes": attributes }), &json!({}), &[expected]);
}

#[test]
fn a_server_by_the_old_conventions() {
    let attributes = json!({ "http.method": "GET", "http.scheme": "https", "http.host": "api.example.com",
        "http.target": "/items?q=1", "net.peer.ip": "203.0.113.9", "http.status_code": 429 });
    let expected = json!({ "name": "shop", "service": { "version": "1.2" }, "error": true, "throttle": true,
        "http": { "request": { "method": "GET", "url": "https://api.example.com/items?q=1",
            "client_ip": "203.0.113.9" }, "response": { "status": 429, "content_length": 0 } },
        "aws": { "xray": sdk() }, "metadata": { "default": shop_metadata() }, "parent_id": PARENT });
    let span = json!({ "kind": SERVER, "parentSpanId": PARENT, "attributes": attributes });
    check(&shop(), &span, &json!({}), &[expected]);
}

#[test]
fn a_call_by_an_sdk_of_aws() {
    let attributes = json!({ "rpc.system": "aws-api", "rpc.service": "DynamoDb", "rpc.method": "PutItem",
        "aws.region": "us-west-2", "aws.requestId": "R1", "aws.dynamodb.table_names": ["t1"], "http.status_code": 400 });
    let expected = json!({ "name": "DynamoDb", "service": { "version": "1.2" },
        "http": { "request": {}, "response": { "status": 400, "content_length": 0 } }, "error": true,
        "aws": { "xray": sdk(), "operation": "PutItem", "region": "us-west-2", "request_id": "R1", "table_name": "t1" },
        "metadata": { "default": { "aws.dynamodb.table_names": ["t1"], "rpc.service": "DynamoDb",
            "rpc.system": "aws-api" } },
        "namespace": "aws", "parent_id": PARENT, "type": "subsegment" });
    let span = json!({ "kind": CLIENT, "parentSpanId": PARENT, "attributes": attributes });
    check(&shop(), &span, &json!({}), &[expected]);
}

#[test]
fn a_query_in_sql() {
    let attributes = json!({ "db.system": "mysql", "db.name": "shop", "db.statement": "SELECT ?", "db.user": "u",
        "db.connection_string": "jdbc:mysql://db.example.com:3306", "net.peer.name": "db.example.com",
        "net.peer.port": 3306 });
    let expected = json!({ "name": "shop@db.example.com", "service": { "version": "1.2" }, "aws": { "xray": sdk() },
        "namespace": "remote", "parent_id": PARENT, "type": "subsegment",
        "sql": { "connection_string": "jdbc:mysql://db.example.com:3306/shop", "url": "SELECT t",
            "sanitized_query": "SELECT ?", "database_type": "mysql", "user": "u" } });
    let span =
        json!({ "kind": CLIENT, "parentSpanId": PARENT, "name": "SELECT t", "attributes": attributes });
    check(&shop(), &span, &json!({}), &[expected]);
}

#[test]
fn flags_and_causes() {
    let exception = |message: &str| json!({ "exceptions": [{ "id": "A", "message": message, "type": "" }] });
    let response =
        |status: i64| json!({ "request": {}, "response": { "status": status, "content_length": 0 } });
    let failure = json!({ "name": "HTTP request failure", "timeUnixNano": "1602537377500000000",
        "attributes": { "http.response.status_code": 503, "aws.http.error_message": "slow down" } });
    let aws_failure = json!({ "exceptions": [{ "id": "A", "type": "aws.http.error.event", "remote": true,
        "message": "503@1602537377.500000@slow down" }] });
    let aws = json!({ "rpc.system": "aws-api" });
    #[rustfmt::skip]
    let cases = [
        (json!({ "status": { "code": 2, "message": "bad" } }), json!({ "fault": true, "cause": exception("bad") })),
        (json!({ "status": { "code": 2 }, "attributes": { "http.status_text": "st" } }),
            json!({ "fault": true, "cause": exception("st"), "metadata": null })),
        (json!({ "status": { "code": 2 }, "attributes": { "http.status_code": 200 } }),
            json!({ "fault": true, "http": response(200), "cause": null })),
        (json!({ "attributes": { "http.status_code": 503 } }), json!({ "fault": true, "cause": null })),
        (json!({ "status": { "code": 1 }, "attributes": { "http.response.status_code": 500 } }),
            json!({ "fault": true, "cause": null })),
        (json!({ "status": { "code": 2 }, "attributes": { "http.status_code": 404 } }),
            json!({ "fault": false, "error": true, "throttle": false })),
        (json!({ "attributes": { "http.status_code": "200" } }), json!({ "fault": false, "http": response(0) })),
        (json!({ "kind": CLIENT, "attributes": aws, "events": [failure] }),
            json!({ "fault": false, "error": false, "cause": aws_failure })),
        (json!({ "kind": CLIENT, "attributes": aws, "events": [{ "name": "HTTP request failure" }] }),
            json!({ "cause": {} })),
    ];
    for (mut span, expected) in cases {
        if span.get("kind").is_none() {
            span["kind"] = SERVER.into();
        }
        check_members(&json!({}), &span, &json!({}), &expected);
    }
}

#[test]
fn annotations_and_metadata() {
    let resource = json!({ "service.name": "shop", "n": 1 });
    let span = json!({ "kind": SERVER, "attributes": { "a.b": "x", "c-d": 5, "q": "z", "aws.xray.annotations": ["q"],
        "http.method": "GET" } });
    let expected = json!({
        "annotations": { "a.b": "x", "http.method": "GET", "otel.resource.n": 1, "q": "z" },
        "metadata": { "default": { "c-d": 5, "otel.resource.service.name": "shop" } },
        "http": { "request": { "method": "GET" }, "response": { "content_length": 0 } } });
    check_members(
        &resource,
        &span,
        &json!({ "indexed": ["a.b", "http.method", "otel.resource.n"] }),
        &expected,
    );

    let span =
        json!({ "kind": SERVER, "attributes": { "a.b": "x", "c-d": 5, "é€": true, "l": ["1"], "f": 1.5 } });
    let expected = json!({ "metadata": null, "annotations": { "a.b": "x", "c_d": 5, "__": true, "f": 1.5,
        "otel.resource.n": 1, "otel.resource.service.name": "shop" } });
    check_members(&resource, &span, &json!({ "index_all": true }), &expected);

    let span = json!({ "kind": SERVER, "attributes": { "aws.xray.metadata.ns1": "{\"a\":1}",
        "aws.xray.metadata.default": "{\"b\":2}", "aws.xray.metadata.bad": "x" } });
    let expected = json!({ "default": { "aws.xray.metadata.bad": "x", "b": 2 }, "ns1": { "a": 1 } });
    check_members(&json!({}), &span, &json!({}), &json!({ "metadata": expected, "annotations": null }));
}

#[test]
fn the_first_span_of_a_service_that_calls_another_makes_two_documents() {
    let attributes = json!({ "aws.span.kind": "LOCAL_ROOT", "aws.local.service": "L", "aws.remote.service": "Rm",
        "aws.remote.operation": "op", "http.method": "GET", "http.url": "http://r/", "k": "v" });
    let call = json!({ "name": "Rm", "parent_id": "S", "type": "subsegment", "namespace": "remote",
        "service": { "version": "1.2" }, "aws": { "xray": sdk() },
        "http": { "request": { "method": "GET", "url": "http://r/" }, "response": { "content_length": 0 } },
        "metadata": { "default": { "aws.local.service": "L", "aws.remote.operation": "op",
            "aws.remote.service": "Rm", "aws.span.kind": "LOCAL_ROOT", "k": "v" } } });
    let service = json!({ "name": "L", "id": "S", "parent_id": PARENT, "service": { "version": "1.2" },
        "aws": { "xray": sdk() }, "metadata": { "default": {} } });
    let span = json!({ "kind": CLIENT, "parentSpanId": PARENT, "attributes": attributes });
    check(&shop(), &span, &json!({}), &[call, service]);
}

#[test]
fn what_runs_where() {
    let sdk = json!({ "auto_instrumentation": false });
    let (arn1, arn2) = ("arn:aws:logs:us-east-1:1:log-group:g1:*", "arn:aws:logs:us-east-1:1:log-group:g2");
    let cases = [
        (
            json!({ "cloud.provider": "aws", "cloud.platform": "aws_ecs", "aws.ecs.launchtype": "fargate",
                "aws.ecs.task.arn": "arn:t", "container.name": "cn", "cloud.account.id": "111" }),
            json!("AWS::ECS::Fargate"),
            json!({ "xray": sdk, "account_id": "111",
                "ecs": { "container": "cn", "task_arn": "arn:t", "launch_type": "fargate" } }),
        ),
        (
            json!({ "cloud.provider": "aws", "cloud.platform": "aws_eks", "k8s.cluster.name": "cl",
                "k8s.pod.name": "p", "container.id": "cid", "host.id": "i-1",
                "aws.log.group.arns": format!("{arn1}&{arn2}") }),
            json!("AWS::EKS::Container"),
            json!({ "xray": sdk, "eks": { "cluster_name": "cl", "pod": "p", "container_id": "cid" },
                "ec2": { "instance_id": "i-1", "availability_zone": null, "instance_size": null, "ami_id": null },
                "cloudwatch_logs": [{ "log_group": "g1", "arn": arn1 }, { "log_group": "g2", "arn": arn2 }] }),
        ),
        (
            json!({ "cloud.provider": "aws", "cloud.platform": "aws_elastic_beanstalk", "service.namespace": "env",
                "service.instance.id": "32", "service.version": "app-1" }),
            json!("AWS::ElasticBeanstalk::Environment"),
            json!({ "xray": sdk, "cloudwatch_logs": [{ "log_group": "cfg" }], "elastic_beanstalk":
                { "environment_name": "env", "version_label": "app-1", "deployment_id": 32 } }),
        ),
        (
            json!({ "cloud.provider": "aws", "cloud.platform": "aws_lambda", "aws.log.group.names": ["g1", "g2"] }),
            Value::Null,
            json!({ "xray": sdk, "cloudwatch_logs": [{ "log_group": "g1" }, { "log_group": "g2" }] }),
        ),
        (json!({ "cloud.provider": "gcp" }), Value::Null, Value::Null),
    ];
    for (resource, origin, mut aws) in cases {
        if aws.get("cloudwatch_logs").is_none() && !aws.is_null() {
            aws["cloudwatch_logs"] = json!([{ "log_group": "cfg" }]);
        }
        let expected = json!({ "origin": origin, "aws": aws });
        check_members(&resource, &json!({ "kind": SERVER }), &json!({ "groups": ["cfg"] }), &expected);
    }
    check_members(&json!({}), &json!({}), &json!({}), &json!({ "origin": null, "aws": { "xray": sdk } }));
}

#[test]
fn small_cases() {
    let in_progress = |flag: bool| json!({ "kind": SERVER, "attributes": { "aws.xray.inprogress": flag } });
    #[rustfmt::skip]
    let cases = [
        (json!({ "kind": 1, "parentSpanId": PARENT, "name": "a*b!c" }),
            json!({ "name": "abc", "type": "subsegment", "namespace": null })),
        (json!({ "kind": 1, "name": "!!" }), json!({ "name": "span" })),
        (json!({ "kind": CLIENT }), json!({ "type": null, "namespace": "remote" })),
        (json!({ "kind": CONSUMER, "parentSpanId": PARENT }), json!({ "type": null, "namespace": null })),
        (in_progress(true), json!({ "in_progress": true, "end_time": null, "metadata": null })),
        (in_progress(false), json!({ "in_progress": null, "end_time": 1_602_537_377.625_5, "metadata": null })),
        (json!({ "kind": CLIENT, "attributes": { "net.peer.name": "pp", "net.peer.port": 6379 } }),
            json!({ "name": "pp", "http": null, "metadata": null })),
        (json!({ "kind": SERVER, "attributes": { "http.method": "GET", "host.name": "hh", "net.host.port": "8080" } }),
            json!({ "http": { "request": { "method": "GET", "url": "http://hh:8080/" },
                "response": { "content_length": 0 } } })),
        (json!({ "traceId": "4bf92f3577b34da6a3ce929d0e0e4736" }),
            json!({ "trace_id": "1-4bf92f35-77b34da6a3ce929d0e0e4736" })),
        (json!({ "attributes": { "aws.service": "S3" } }), json!({ "name": "S3", "namespace": "aws" })),
        (json!({ "kind": CLIENT, "attributes": { "aws.remote.service": "AWS::SQS", "rpc.system": "aws-api" } }),
            json!({ "name": "SQS", "namespace": "aws" })),
    ];
    for (span, expected) in cases {
        check_members(&json!({}), &span, &json!({}), &expected);
    }
}

#[test]
fn links_point_to_other_segments() {
    let link = |attributes: Value| json!({ "traceId": TRACE_ID, "spanId": PARENT, "attributes": attributes });
    let span = json!({ "links": [link(json!({})), link(json!({ "a": [1, "x"], "b": null }))] });
    let expected = json!({ "links": [
        { "trace_id": "1-5f84c7a1-e3a0b1c2d3e4f5061728394a", "id": PARENT },
        { "trace_id": "1-5f84c7a1-e3a0b1c2d3e4f5061728394a", "id": PARENT,
            "attributes": { "a": [1, "x"], "b": null } }] });
    check_members(&json!({}), &span, &json!({}), &expected);
}
