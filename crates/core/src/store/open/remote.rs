//! Stores that are not on this machine: buckets of S3, of Google and of Azure, and files behind
//! HTTP. `object_store` builds them; here is what they are told.

#![cfg_attr(
    not(any(feature = "aws", feature = "gcp", feature = "azure")),
    allow(dead_code, reason = "what is said of buckets is not needed without them")
)]

use std::sync::Arc;
use std::time::Duration;

use object_store::ObjectStore;
use object_store::path::Path;
use url::Url;

use super::Owner;

/// Whose store it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Service {
    Aws,
    Google,
    Azure,
    Http,
}

/// A store somewhere else, by its URL.
#[derive(Debug)]
pub(super) struct Remote {
    service: Service,
    url: Url,
    /// What the URL names within the store.
    pub(super) prefix: Path,
    /// The URL without what it names within the store.
    pub(super) root: String,
}

impl Service {
    pub(super) fn of(scheme: &str) -> Option<Self> {
        match scheme.to_ascii_lowercase().as_str() {
            "s3" | "s3a" => Some(Self::Aws),
            "gs" => Some(Self::Google),
            "az" | "azure" | "adl" | "abfs" | "abfss" => Some(Self::Azure),
            "http" | "https" => Some(Self::Http),
            _ => None,
        }
    }

    /// The feature of nuthatch that brings it.
    const fn feature(self) -> &'static str {
        match self {
            Self::Aws => "aws",
            Self::Google => "gcp",
            Self::Azure => "azure",
            Self::Http => "http",
        }
    }

    fn is_off(self, scheme: &str) -> String {
        format!(
            "{scheme}:// needs the feature `{}` of nuthatch, which is off: add it to `features` \
             of the dependency on nuthatch in Cargo.toml",
            self.feature()
        )
    }

    const fn is_enabled(self) -> bool {
        match self {
            Self::Aws => cfg!(feature = "aws"),
            Self::Google => cfg!(feature = "gcp"),
            Self::Azure => cfg!(feature = "azure"),
            Self::Http => cfg!(feature = "http"),
        }
    }
}

impl Remote {
    pub(super) fn parse(service: Service, text: &str) -> Result<Self, String> {
        let scheme = text.split(':').next().unwrap_or_default();
        if !service.is_enabled() {
            return Err(service.is_off(scheme));
        }
        let url = Url::parse(text).map_err(|error| format!("not a URL: {error}"))?;
        let host = url.host_str().unwrap_or_default();
        if host.is_empty() {
            return Err(format!("a URL of {scheme}:// names a bucket or host: {scheme}://lake"));
        }
        // `abfss://container@account.dfs.core.windows.net` has a name where others have a user.
        let names_container = service == Service::Azure && scheme.starts_with("ab");
        if url.password().is_some() || (!url.username().is_empty() && !names_container) {
            return Err(
                "a URL holds no credentials: they belong in `filesystem_options`, or in the \
                 environment"
                    .to_owned(),
            );
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err("a `?` or `#` in a URL must be written %3F or %23".to_owned());
        }
        let path = url.path().trim_matches('/');
        let prefix = Path::from_url_path(path).map_err(|error| error.to_string())?;
        let root = url[..url::Position::BeforePath].to_owned();
        Ok(Self { service, url, prefix, root })
    }

    /// Whether nothing can be written there.
    pub(super) fn is_read_only(&self) -> bool {
        self.service == Service::Http
    }

    /// The store as a whole, whatever the prefix. Nothing is requested yet.
    pub(super) fn build(
        &self,
        owner: Owner,
        options: &toml::Table,
    ) -> Result<Arc<dyn ObjectStore>, String> {
        let options = Options::new(owner, options)?;
        let built = match self.service {
            #[cfg(feature = "aws")]
            Service::Aws => self.aws(&options),
            #[cfg(feature = "gcp")]
            Service::Google => self.google(&options),
            #[cfg(feature = "azure")]
            Service::Azure => self.azure(&options),
            #[cfg(feature = "http")]
            Service::Http => self.http(&options),
            #[allow(unreachable_patterns, reason = "with all features on")]
            service => Err(format!("the feature `{}` is off", service.feature())),
        };
        built.map_err(|message| options.masked(message))
    }
}

/// Builds a store of one service from its builder, which knows the options by name.
#[cfg(any(feature = "aws", feature = "gcp", feature = "azure", feature = "http"))]
macro_rules! build {
    ($builder:expr, $options:expr) => {{
        let mut builder = $builder.with_retry($options.retry());
        for (name, value) in &$options.named {
            let key = name.to_ascii_lowercase().parse().map_err(|_| unknown(name))?;
            builder = builder.with_config(key, value);
        }
        let store = builder.build().map_err(|error| error.to_string())?;
        Ok(Arc::new(store) as Arc<dyn ObjectStore>)
    }};
}

#[cfg(feature = "aws")]
impl Remote {
    fn aws(&self, options: &Options) -> Result<Arc<dyn ObjectStore>, String> {
        use object_store::aws::AmazonS3Builder;
        let builder = match options.by_environment {
            true => AmazonS3Builder::from_env(),
            false => AmazonS3Builder::new(),
        };
        build!(builder.with_url(self.url.as_str()), options)
    }
}

#[cfg(feature = "gcp")]
impl Remote {
    fn google(&self, options: &Options) -> Result<Arc<dyn ObjectStore>, String> {
        use object_store::gcp::GoogleCloudStorageBuilder;
        let builder = match options.by_environment {
            true => GoogleCloudStorageBuilder::from_env(),
            false => GoogleCloudStorageBuilder::new(),
        };
        build!(builder.with_url(self.url.as_str()), options)
    }
}

#[cfg(feature = "azure")]
impl Remote {
    fn azure(&self, options: &Options) -> Result<Arc<dyn ObjectStore>, String> {
        use object_store::azure::MicrosoftAzureBuilder;
        let builder = match options.by_environment {
            true => MicrosoftAzureBuilder::from_env(),
            false => MicrosoftAzureBuilder::new(),
        };
        build!(builder.with_url(self.url.as_str()), options)
    }
}

#[cfg(feature = "http")]
impl Remote {
    fn http(&self, options: &Options) -> Result<Arc<dyn ObjectStore>, String> {
        use object_store::http::HttpBuilder;
        // Plain HTTP was asked for by the URL itself.
        let plain = (self.url.scheme() == "http").to_string();
        let builder = HttpBuilder::new()
            .with_url(&self.root)
            .with_config(object_store::ClientConfigKey::AllowHttp, plain);
        build!(builder, options)
    }
}

/// The options of a store: those of its builder by name, and how often a request is made again.
struct Options {
    named: Vec<(String, String)>,
    /// Whether variables of this process are read.
    by_environment: bool,
    max_retries: Option<usize>,
    retry_timeout: Option<Duration>,
}

impl Options {
    fn new(owner: Owner, table: &toml::Table) -> Result<Self, String> {
        let names_server = |name: &String| {
            let name = name.to_ascii_lowercase();
            ["endpoint", "url", "uri", "host", "proxy"].iter().any(|word| name.contains(word))
        };
        let mut options = Self {
            named: Vec::new(),
            by_environment: owner == Owner::Program || !table.keys().any(names_server),
            max_retries: None,
            retry_timeout: None,
        };
        for (name, value) in table {
            match name.as_str() {
                "max_retries" => {
                    let retries = value.as_integer().and_then(|times| times.try_into().ok());
                    let wrong = "the option \"max_retries\" is a whole number from 0";
                    options.max_retries = Some(retries.ok_or(wrong)?);
                }
                "retry_timeout" => {
                    let span = crate::config::span(value);
                    let span = span.map_err(|why| format!("the option \"retry_timeout\": {why}"));
                    options.retry_timeout = Some(span?);
                }
                _ => options.named.push((name.clone(), text_of(name, value)?)),
            }
        }
        Ok(options)
    }

    #[cfg(any(feature = "aws", feature = "gcp", feature = "azure", feature = "http"))]
    fn retry(&self) -> object_store::RetryConfig {
        let usual = object_store::RetryConfig::default();
        object_store::RetryConfig {
            max_retries: self.max_retries.unwrap_or(usual.max_retries),
            retry_timeout: self.retry_timeout.unwrap_or(usual.retry_timeout),
            ..usual
        }
    }

    /// The message without the values of the options, of which some are secrets.
    fn masked(&self, mut message: String) -> String {
        // Short values are words such as `true`, which say nothing.
        for (_, value) in self.named.iter().filter(|(_, value)| value.len() > 5) {
            message = message.replace(value.as_str(), "***");
        }
        message
    }
}

/// The values that builders take are texts.
fn text_of(name: &str, value: &toml::Value) -> Result<String, String> {
    match value {
        toml::Value::String(text) => Ok(text.clone()),
        toml::Value::Boolean(flag) => Ok(flag.to_string()),
        toml::Value::Integer(number) => Ok(number.to_string()),
        toml::Value::Float(number) => Ok(number.to_string()),
        _ => Err(format!("the option {name:?} is a text, a number, or true or false")),
    }
}

fn unknown(name: &str) -> String {
    format!(
        "the option {name:?} is not known to this kind of store; known are \"max_retries\", \
         \"retry_timeout\", and those that object_store's builder of it documents"
    )
}

#[cfg(test)]
mod tests {
    use super::{Options, Owner, Service};

    /// Whichever features are on here.
    #[test]
    fn a_scheme_whose_feature_is_off_is_told_with_the_feature() {
        let cases = [
            ("s3", "aws"),
            ("S3a", "aws"),
            ("gs", "gcp"),
            ("az", "azure"),
            ("abfss", "azure"),
            ("http", "http"),
            ("https", "http"),
        ];
        for (scheme, feature) in cases {
            let told = Service::of(scheme).unwrap().is_off(scheme);
            assert!(told.contains(&format!("{scheme}:// needs the feature `{feature}`")), "{told}");
        }
        assert!(Service::of("ftp").is_none());
    }

    fn reads_environment(owner: Owner, options: &str) -> bool {
        Options::new(owner, &options.parse().unwrap()).unwrap().by_environment
    }

    #[test]
    fn a_dependency_that_names_a_server_is_not_given_the_credentials_of_the_environment() {
        for option in ["endpoint", "AWS_ENDPOINT_URL", "proxy_url", "authority_host"] {
            let named = format!("{option} = 'https://elsewhere.example'");
            assert!(reads_environment(Owner::Program, &named), "{option}");
            assert!(!reads_environment(Owner::Dependency, &named), "{option}");
        }
        assert!(reads_environment(Owner::Dependency, "region = 'eu-west-1'"));
    }

    #[test]
    fn values_of_options_are_masked() {
        let options = "a = 'topsecret'\nb = true".parse().unwrap();
        let options = Options::new(Owner::Program, &options).unwrap();
        assert_eq!(options.masked("topsecret is not true".into()), "*** is not true");
    }

    #[test]
    fn a_table_is_no_option() {
        let options = "a = { b = 1 }".parse().unwrap();
        let error = Options::new(Owner::Program, &options).err().unwrap();
        assert!(error.contains("\"a\""), "{error}");
    }
}
