//! The client of the API. It is made when there is something to send: where the region or the credentials are not
//! known yet, that is a backend that is not there yet.

use std::time::Duration;

use aws_config::default_provider::credentials::DefaultCredentialsChain;
use aws_config::provider_config::ProviderConfig;
use aws_config::retry::RetryConfig;
use aws_config::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_config::sts::AssumeRoleProvider;
use aws_config::timeout::TimeoutConfig;
use aws_config::{AppName, BehaviorVersion, ConfigLoader, Region, SdkConfig, imds};
use aws_runtime::env_config::file::{EnvConfigFileKind, EnvConfigFiles};
use aws_sdk_xray::Client;
use aws_sdk_xray::config::{HttpClient, SharedCredentialsProvider, SharedHttpClient};
use component::{Code, ConsumeError};
use tokio::sync::Mutex;
use tracing::Dispatch;
use tracing::instrument::{WithDispatch, WithSubscriber};

use super::config::Own;
use super::region;

/// The defaults of the SDK that were tested with.
fn behavior() -> BehaviorVersion {
    BehaviorVersion::v2026_01_12()
}

/// The way to the API.
pub(super) struct Connection {
    own: Own,
    http: Option<SharedHttpClient>,
    /// Locked while it is made, so that the metadata service is asked once and not by everybody.
    client: Mutex<Option<Client>>,
}

impl Connection {
    pub(super) fn new(own: Own, http: impl HttpClient + 'static) -> Connection {
        Connection { own, http: Some(SharedHttpClient::new(http)), client: Mutex::new(None) }
    }

    /// A connection that has a client, for tests.
    #[cfg(test)]
    pub(super) fn ready(client: Client) -> Connection {
        Connection { own: Own::default(), http: None, client: Mutex::new(Some(client)) }
    }

    /// The client.
    pub(super) async fn client(&self) -> Result<Client, ConsumeError> {
        let mut client = self.client.lock().await;
        if let Some(client) = &*client {
            return Ok(client.clone());
        }
        let Some(http) = &self.http else {
            return Err(ConsumeError::retryable("the client was forgotten").with_code(Code::Unavailable));
        };
        let made = quietly(connect(&self.own, http)).await?;
        Ok(client.insert(made).clone())
    }

    /// Forgets the client with its credentials, so that they are looked for anew.
    pub(super) async fn forget(&self) {
        if self.http.is_some() {
            *self.client.lock().await = None;
        }
    }

    /// Asks the metadata service of this machine; `None` where there is none.
    pub(super) async fn metadata(&self, path: &str) -> Option<String> {
        let http = self.http.clone()?;
        let provider = ProviderConfig::without_region().with_http_client(http);
        let client = imds::Client::builder().configure(&provider).max_attempts(1).build();
        let value = quietly(client.get(path)).await.ok()?;
        Some(AsRef::<str>::as_ref(&value).to_owned())
    }
}

/// Work of the SDK without its own log lines, which would repeat with every attempt what our errors say.
pub(super) fn quietly<F: Future>(work: F) -> WithDispatch<F> {
    work.with_subscriber(Dispatch::none())
}

async fn connect(own: &Own, http: &SharedHttpClient) -> Result<Client, ConsumeError> {
    let config = loader(own, http).load().await;
    let Some(region) = config.region().cloned() else {
        return Err(ConsumeError::retryable(region::unknown(own.local_mode)).with_code(Code::Unavailable));
    };
    let config = with_credentials(own, http, region, config).await;
    let mut builder = aws_sdk_xray::config::Builder::from(&config);
    if !own.endpoint.is_empty() {
        builder = builder.endpoint_url(&own.endpoint);
    }
    Ok(Client::from_conf(builder.build()))
}

fn loader(own: &Own, http: &SharedHttpClient) -> ConfigLoader {
    let retry = match own.max_retries {
        0 => RetryConfig::standard(),
        attempts => RetryConfig::standard().with_max_attempts(attempts),
    };
    let mut timeout = TimeoutConfig::builder();
    if own.request_timeout_seconds > 0 {
        timeout = timeout.operation_attempt_timeout(Duration::from_secs(own.request_timeout_seconds));
    }
    let mut loader = aws_config::defaults(behavior())
        .http_client(http.clone())
        .retry_config(retry)
        .timeout_config(timeout.build())
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        .app_name(AppName::new("ferrotel").expect("a name of letters"));
    if !own.region.is_empty() {
        loader = loader.region(Region::new(own.region.clone()));
    }
    if !own.profile.is_empty() {
        loader = loader.profile_name(&own.profile);
    }
    if !own.shared_credentials_file.is_empty() {
        loader = loader.profile_files(
            EnvConfigFiles::builder()
                .include_default_config_file(true)
                .with_file(EnvConfigFileKind::Credentials, &own.shared_credentials_file)
                .build(),
        );
    }
    loader
}

/// The configuration with other credentials than the SDK's own choice, where the file says so.
async fn with_credentials(
    own: &Own,
    http: &SharedHttpClient,
    region: Region,
    config: SdkConfig,
) -> SdkConfig {
    let mut config = config;
    if own.imds_retries > 0 {
        let provider =
            ProviderConfig::without_region().with_region(Some(region)).with_http_client(http.clone());
        let imds = imds::Client::builder().configure(&provider).max_attempts(own.imds_retries + 1).build();
        let mut chain = DefaultCredentialsChain::builder().configure(provider).imds_client(imds);
        if !own.profile.is_empty() {
            chain = chain.profile_name(&own.profile);
        }
        let chain = SharedCredentialsProvider::new(chain.build().await);
        config = config.into_builder().credentials_provider(chain).build();
    }
    if own.role_arn.is_empty() {
        return config;
    }
    let mut role = AssumeRoleProvider::builder(&own.role_arn).session_name("ferrotel").configure(&config);
    if !own.external_id.is_empty() {
        role = role.external_id(&own.external_id);
    }
    let role = SharedCredentialsProvider::new(role.build().await);
    config.into_builder().credentials_provider(role).build()
}
