//! The block `aws`: where it ran, and which of the services of AWS it called.

use otlp::{Attributes, Text, Value};

use super::Options;
use super::json::{Json, utf8};
use super::keys::Key;
use super::segment::{Form, Segment};

/// Where a resource runs, as X-Ray calls it.
pub(super) fn origin(attributes: &Attributes<'_>) -> Option<&'static str> {
    if !is_aws(attributes) {
        return None;
    }
    let launch_type = text(attributes, "aws.ecs.launchtype").map(utf8).unwrap_or_default();
    match utf8(text(attributes, "cloud.platform")?).as_ref() {
        "aws_app_runner" => Some("AWS::AppRunner::Service"),
        "aws_eks" => Some("AWS::EKS::Container"),
        "aws_elastic_beanstalk" => Some("AWS::ElasticBeanstalk::Environment"),
        "aws_ecs" => Some(match launch_type.as_ref() {
            "ec2" => "AWS::ECS::EC2",
            "fargate" => "AWS::ECS::Fargate",
            _ => "AWS::ECS::Container",
        }),
        "aws_ec2" => Some("AWS::EC2::Instance"),
        _ => None,
    }
}

/// Whether a resource runs at AWS, or does not say where.
pub(super) fn is_aws(attributes: &Attributes<'_>) -> bool {
    text(attributes, "cloud.provider").is_none_or(|provider| provider == "aws")
}

/// The members of the block that are the same for all spans of a resource.
pub(super) fn members_of_resource(attributes: &Attributes<'_>, options: &Options) -> String {
    let mut members = String::new();
    let mut json = Json::new(&mut members);
    let is_on = |platform: &str| text(attributes, "cloud.platform").is_some_and(|found| found == platform);
    if is_on("aws_elastic_beanstalk") {
        write_beanstalk(attributes, &mut json);
    }
    write_logs(attributes, options, &mut json);
    if is_on("aws_ecs") {
        json.key("ecs");
        json.open('{');
        ECS.iter().for_each(|(key, name)| json.member(key, text(attributes, name)));
        json.close('}');
    }
    if is_on("aws_ec2") || text(attributes, "host.id").is_some() {
        write_with_nulls("ec2", &EC2, attributes, &mut json);
    }
    if is_on("aws_eks") || text(attributes, "k8s.cluster.name").is_some() {
        write_with_nulls("eks", &EKS, attributes, &mut json);
    }
    write_sdk(attributes, &mut json);
    members
}

const ECS: [(&str, &str); 8] = [
    ("container", "container.name"),
    ("container_id", "container.id"),
    ("task_arn", "aws.ecs.task.arn"),
    ("task_family", "aws.ecs.task.family"),
    ("cluster_arn", "aws.ecs.cluster.arn"),
    ("container_arn", "aws.ecs.container.arn"),
    ("availability_zone", "cloud.availability_zone"),
    ("launch_type", "aws.ecs.launchtype"),
];
const EC2: [(&str, &str); 4] = [
    ("instance_id", "host.id"),
    ("availability_zone", "cloud.availability_zone"),
    ("instance_size", "host.type"),
    ("ami_id", "host.image.id"),
];
const EKS: [(&str, &str); 3] =
    [("cluster_name", "k8s.cluster.name"), ("pod", "k8s.pod.name"), ("container_id", "container.id")];

/// The text of an attribute, if it is text and not empty.
pub(super) fn text<'a>(attributes: &Attributes<'a>, key: &str) -> Option<Text<'a>> {
    attributes.get(key)?.as_text().filter(|text| !text.is_empty())
}

/// As the Go Collector does, `null` for what is not known.
fn write_with_nulls(block: &str, members: &[(&str, &str)], attributes: &Attributes<'_>, json: &mut Json<'_>) {
    json.key(block);
    json.open('{');
    for (key, name) in members {
        json.key(key);
        match text(attributes, name) {
            Some(text) => json.text(&utf8(text)),
            None => json.null(),
        }
    }
    json.close('}');
}

fn write_beanstalk(attributes: &Attributes<'_>, json: &mut Json<'_>) {
    let Some(deployment) = text(attributes, "service.instance.id") else { return };
    json.key("elastic_beanstalk");
    json.open('{');
    for (key, name) in [("environment_name", "service.namespace"), ("version_label", "service.version")] {
        json.key(key);
        match text(attributes, name) {
            Some(text) => json.text(&utf8(text)),
            None => json.null(),
        }
    }
    json.key("deployment_id");
    json.int(utf8(deployment).parse::<i64>().unwrap_or(0));
    json.close('}');
}

/// The log groups that the resource names by ARN or by name, or else those of the configuration.
fn write_logs(attributes: &Attributes<'_>, options: &Options, json: &mut Json<'_>) {
    let of_resource = |key: &str| attributes.get(key).map(several).filter(|found| !found.is_empty());
    json.key("cloudwatch_logs");
    json.open('[');
    let empty = json.len();
    if let Some(arns) = of_resource("aws.log.group.arns") {
        for arn in arns {
            json.open('{');
            json.key("log_group");
            json.text(arn.split(':').nth(6).unwrap_or(&arn));
            json.key("arn");
            json.text(&arn);
            json.close('}');
        }
    } else {
        let names = of_resource("aws.log.group.names").unwrap_or_else(|| options.aws_log_groups.clone());
        for name in names {
            json.open('{');
            json.key("log_group");
            json.text(&name);
            json.close('}');
        }
    }
    match json.len() == empty {
        true => json.truncate(empty - "\"cloudwatch_logs\":[".len()),
        false => json.close(']'),
    }
}

/// The texts of an array, or those between the `&`s of one text.
fn several(value: Value<'_>) -> Vec<String> {
    let parts: Vec<String> = match value {
        Value::Text(text) => utf8(text).split('&').map(str::to_owned).collect(),
        Value::Array(array) => {
            array.iter().filter_map(|value| Some(utf8(value.as_text()?).into_owned())).collect()
        }
        _ => Vec::new(),
    };
    parts.into_iter().filter(|part| !part.is_empty()).collect()
}

fn write_sdk(attributes: &Attributes<'_>, json: &mut Json<'_>) {
    let is_automatic = ["telemetry.auto.version", "telemetry.distro.version"]
        .into_iter()
        .any(|key| text(attributes, key).is_some());
    json.key("xray");
    json.open('{');
    if let Some(name) = text(attributes, "telemetry.sdk.name").map(utf8) {
        json.key("sdk");
        match text(attributes, "telemetry.sdk.language") {
            Some(language) => json.text(&format!("{name} for {}", utf8(language))),
            None => json.text(&name),
        }
    }
    json.member("sdk_version", text(attributes, "telemetry.sdk.version"));
    json.key("auto_instrumentation");
    json.boolean(is_automatic);
    json.close('}');
}

/// Writes the block, unless the resource runs elsewhere.
pub(super) fn write(segment: &Segment<'_, '_>, json: &mut Json<'_>) {
    let Some(members) = &segment.resource.aws else { return };
    json.key("aws");
    json.open('{');
    json.raw(members);
    match segment.form {
        // What was called belongs to the call.
        Form::Service => (),
        Form::Plain | Form::LocalRoot | Form::Dependency => write_call(segment, json),
    }
    json.close('}');
}

fn write_call(segment: &Segment<'_, '_>, json: &mut Json<'_>) {
    let rows = segment.rows;
    let account = segment.resource.account_id;
    let account = rows.text(Key::AwsAccountId).or_else(|| (!account.is_empty()).then_some(account));
    json.member("account_id", account);
    json.member("operation", rows.first([Key::AwsOperation, Key::RpcMethod]));
    json.member("region", rows.text(Key::AwsRegion));
    json.member("request_id", rows.first([Key::AwsRequestId, Key::AwsRequestIdCamel]));
    json.member("queue_url", rows.first([Key::MessagingUrl, Key::AwsQueueUrl, Key::AwsQueueUrlDotted]));
    match rows.value(Key::AwsTableNames) {
        Some(Value::Array(names)) => write_tables(names, json),
        Some(Value::Text(name)) => json.member("table_name", Some(name)),
        _ => json.member("table_name", rows.first([Key::AwsTableName, Key::AwsTableNameDotted])),
    }
}

fn write_tables(names: otlp::Array<'_>, json: &mut Json<'_>) {
    let names: Vec<Text<'_>> = names.iter().filter_map(|name| name.as_text()).collect();
    match names.as_slice() {
        [] => (),
        [name] => json.member("table_name", Some(*name)),
        several => {
            json.key("table_names");
            json.open('[');
            several.iter().for_each(|name| json.text(&utf8(*name)));
            json.close(']');
        }
    }
}
