//! What the file says: taken as Prometheus takes it, and refused with the path of what is wrong.

use component::{Problem, Receiver as _};

use super::super::PromDuration;
use super::super::config::Config;
use super::super::config::size::Size;
use super::{jobs, read};

const FOUNDING: &str = include_str!("../testdata/prometheus.yml");

/// `error path: words` or `warning path: words`.
fn problems(config: &Config) -> Vec<String> {
    let print = |problem: Problem| match problem {
        Problem::Error { path, message } => format!("error {}: {message}", path.join("::")),
        Problem::Warning { path, message } => format!("warning {}: {message}", path.join("::")),
    };
    config.check().into_iter().map(print).collect()
}

#[test]
fn a_server_s_file_runs_as_it_is_with_a_warning_for_what_a_server_does() {
    let text = format!("config:\n{}", FOUNDING.lines().map(|line| format!("  {line}\n")).collect::<String>());
    let config = read(&text).unwrap_or_else(|words| panic!("{words}"));
    let (jobs, _) = config.jobs();
    let names: Vec<_> = jobs.iter().map(|job| job.config.own.job_name.to_string()).collect();
    assert_eq!(
        names,
        [
            "kubernetes-apiservers",
            "kubernetes-nodes",
            "kubernetes-pods",
            "myapp",
            "postgres",
            "redis",
            "nginx",
            "blackbox",
            "custom-metrics"
        ]
    );
    let nodes = &jobs[1].config.own.relabel_configs[2];
    assert_eq!(&*nodes.replacement, "/api/v1/nodes/${1}/proxy/metrics");
    let pods = &jobs[2].config.own.relabel_configs;
    assert_eq!((&*pods[0].regex, &*pods[2].replacement), ("true", "$1:$2"));
    assert_eq!((jobs[3].interval.to_string(), jobs[3].timeout.to_string()), ("10s".into(), "5s".into()));
    assert_eq!((jobs[4].interval.to_string(), jobs[4].timeout.to_string()), ("30s".into(), "10s".into()));
    assert_eq!(
        problems(&config),
        [
            "warning config::rule_files: has no effect: rules are not evaluated here; a Prometheus server does",
            "warning config::alerting: has no effect: alerts are not sent from here; a Prometheus server does",
            "warning config::global::evaluation_interval: has no effect: rules are not evaluated here; a \
             Prometheus server does",
            "warning config::scrape_configs::0::bearer_token_file: is the old spelling of `authorization: \
             {credentials_file: …}`",
            "warning config::scrape_configs::1::bearer_token_file: is the old spelling of `authorization: \
             {credentials_file: …}`",
        ]
    );
}

#[test]
fn durations_are_those_of_prometheus() {
    for (text, seconds, printed) in [
        ("0", 0.0, "0s"),
        ("15s", 15.0, "15s"),
        ("1h30m", 5400.0, "1h30m"),
        ("1500ms", 1.5, "1s500ms"),
        ("2w", 1_209_600.0, "2w"),
        ("8d", 691_200.0, "8d"),
        ("1y", 31_536_000.0, "1y"),
        ("90m", 5400.0, "1h30m"),
    ] {
        let duration: PromDuration = text.parse().unwrap();
        assert!((duration.0.as_secs_f64() - seconds).abs() < 1e-9, "{text}");
        assert_eq!(duration.to_string(), printed, "{text}");
    }
    for text in ["", "5", "1.5h", "30m1h", "1h1h", "-1s", "s", "1 s", "1S", "10000000000000y"] {
        assert!(text.parse::<PromDuration>().is_err(), "{text}");
    }
}

#[test]
fn sizes_count_by_1024() {
    for (text, bytes, printed) in [
        ("0", 0, "0"),
        ("10MB", 10 << 20, "10MB"),
        ("1KiB", 1024, "1KB"),
        ("1.5KB", 1536, "1536B"),
        ("7B", 7, "7B"),
    ] {
        let size: Size = text.parse().unwrap();
        assert_eq!((size.0, size.to_string()), (bytes, printed.to_owned()), "{text}");
    }
    for text in ["", "10", "MB", "10mb", "-1MB", "1.2.3MB", "iB", "1e3MB", "99999999EB"] {
        assert!(text.parse::<Size>().is_err(), "{text}");
    }
}

#[test]
fn what_a_job_does_not_say_is_as_global_has_it() {
    let config = jobs(
        "scrape_interval: 5s, sample_limit: 7, body_size_limit: 1MB, scrape_native_histograms: true",
        "{ job_name: a }, { job_name: b, scrape_interval: 1m, scrape_timeout: 20s, sample_limit: 9, \
         scrape_native_histograms: false, body_size_limit: 2MB }",
    );
    let (found, _) = config.jobs();
    let seen: Vec<_> = found
        .iter()
        .map(|job| {
            (job.interval.to_string(), job.timeout.to_string(), job.limits.samples, job.histograms.native)
        })
        .collect();
    assert_eq!(seen, [("5s".into(), "5s".into(), 7, true), ("1m".into(), "20s".into(), 9, false)]);
    assert_eq!((found[0].limits.body_bytes, found[1].limits.body_bytes), (1 << 20, 2 << 20));
    assert!(found[0].accept.starts_with("application/vnd.google.protobuf;"), "{}", found[0].accept);
}

#[test]
fn targets_are_asked_as_prometheus_asks_them() {
    let accept = |global: &str, own: &str| {
        jobs(global, &format!("{{ job_name: a, {own} }}")).jobs().0[0].accept.clone()
    };
    assert_eq!(
        accept("", ""),
        "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;\
         version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;\
         q=0.2"
    );
    assert_eq!(
        accept("scrape_protocols: [PrometheusText0.0.4]", ""),
        "text/plain;version=0.0.4;q=0.6,*/*;q=0.5"
    );
    assert_eq!(
        accept(
            "metric_name_validation_scheme: legacy",
            "scrape_protocols: [OpenMetricsText1.0.0, PrometheusProto]"
        ),
        "application/openmetrics-text;version=1.0.0;escaping=underscores;q=0.6,application/vnd.google.protobuf;\
         proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.5,*/*;q=0.4"
    );
}

#[test]
fn all_that_is_wrong_is_found_with_its_place() {
    let config = jobs(
        "scrape_interval: 5s, scrape_timeout: 6s, scrape_protocols: []",
        "{ job_name: a, scrape_interval: 1s, scrape_timeout: 2s }, { job_name: a }, { scheme: ftp }, \
         { job_name: b, static_configs: [{ targets: ['http://x/y'] }] }, \
         { job_name: c, relabel_configs: [{ action: keep }, { regex: '(' , action: keep }, { action: fly }, { target_label: '' }] }, \
         { job_name: d, scrape_protocols: [PrometheusText0.0.4, PrometheusText0.0.4] }",
    );
    assert_eq!(
        problems(&config),
        [
            "error config::global::scrape_timeout: `6s` is longer than the interval of `5s`",
            "error config::global::scrape_protocols: must list at least one protocol",
            "error config::scrape_configs::0::scrape_timeout: `2s` is longer than the interval of `1s`",
            "error config::scrape_configs::1::job_name: there is another job `a`",
            "error config::scrape_configs::2::job_name: is missing or empty",
            "error config::scrape_configs::2::scheme: unknown scheme `ftp`, expected `http` or `https`",
            "error config::scrape_configs::3::static_configs::0::targets::0: `http://x/y` is not an address, \
             expected `host` or `host:port`",
            "error config::scrape_configs::4::relabel_configs::1::regex: `(` is not a regular expression: unclosed group",
            "error config::scrape_configs::4::relabel_configs::2: unknown relabel action `fly`",
            "error config::scrape_configs::4::relabel_configs::3: relabel action `replace` requires a `target_label`",
            "error config::scrape_configs::5::scrape_protocols::1: the same protocol is listed twice",
        ]
    );
}

#[test]
fn what_cannot_be_read_is_refused_where_it_stands() {
    for (job, words) in [
        (
            "job_name: a, scrape_interval: 1.5h",
            "scrape_configs::0::scrape_interval: `1.5h` is not a duration",
        ),
        ("job_name: a, scrape_protocols: [Xml]", "scrape_protocols::0"),
        ("job_name: a, body_size_limit: 10", "body_size_limit: `10` is not a number of bytes"),
        ("job_name: a, sample_limits: 1", "did you mean `sample_limit`"),
        ("job_name: a, relabel_configs: [{ regexp: x }]", "relabel_configs::0"),
        (
            "job_name: a, consul_sd_configs: [{ server: x }]",
            "consul_sd_configs: this way to find targets is not",
        ),
    ] {
        let text = format!("config: {{ scrape_configs: [{{ {job} }}] }}");
        let refused = read(&text).err().unwrap_or_else(|| panic!("`{job}` was taken"));
        assert!(refused.contains(words), "{refused}");
    }
}

#[test]
fn what_is_not_supported_is_refused_in_plain_words() {
    let check = |keys: &str| {
        let text = format!("{{ {keys}, config: {{ scrape_configs: [{{ job_name: a }}] }} }}");
        problems(&read(&text).unwrap_or_else(|words| panic!("{words}"))).join("\n")
    };
    assert!(
        check("target_allocator: { endpoint: 'http://x' }").starts_with("error target_allocator: is not")
    );
    assert!(check("api_server: { enabled: true }").starts_with("error api_server: is not supported"));
    assert_eq!(check("api_server: { enabled: false }"), "");
    assert!(check("use_start_time_metric: true").starts_with("warning use_start_time_metric: has no effect"));
    assert!(check("report_extra_scrape_metrics: true").starts_with("warning report_extra_scrape_metrics"));
    let nothing = read("{}").unwrap();
    assert_eq!(problems(&nothing), ["error config: there is nothing to scrape: expected `scrape_configs`"]);
}

#[test]
fn scalars_are_text_where_prometheus_has_text() {
    let config = jobs(
        "",
        "{ job_name: 7, relabel_configs: [{ regex: true, replacement: 9100, target_label: x, separator: '' }] }",
    );
    let rule = &config.config.scrape_configs[0].own.relabel_configs[0];
    assert_eq!((&*rule.regex, &*rule.replacement, &*rule.separator), ("true", "9100", ""));
    assert_eq!(&*config.config.scrape_configs[0].own.job_name, "7");
}

#[test]
fn jobs_of_other_files_are_added() {
    let folder = std::env::temp_dir().join(format!("ferrotel-scrape-files-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("a.yml"), "scrape_configs: [{ job_name: one }, { job_name: two }]").unwrap();
    std::fs::write(folder.join("b.yml"), "scrape_configs: [{ job_nam: three }]").unwrap();
    let files = |name: &str| {
        let text = format!("config: {{ scrape_config_files: ['{}/{name}'] }}", folder.display());
        read(&text).unwrap()
    };
    assert_eq!(problems(&files("a.*")), [""; 0]);
    assert_eq!(files("a.*").jobs().0.len(), 2);
    let found = problems(&files("*.yml"));
    assert!(found[0].starts_with("error config::scrape_config_files::0: "), "{found:?}");
    assert!(found[0].contains("unknown key `job_nam`"), "{found:?}");
    std::fs::remove_dir_all(&folder).unwrap();
}
