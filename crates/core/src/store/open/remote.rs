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
use super::unshown::Unshown;

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
        let names_container = service == Service::Azure && url.scheme().starts_with("ab");
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
        if service != Service::Http && url.port().is_some() {
            return Err(format!(
                "{scheme}:// is followed by a bucket, which has no port; a server of one's own is \
                 named by the option `endpoint`"
            ));
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
        let mut options = Options::new(options)?;
        if owner == Owner::Dependency && self.service != Service::Http {
            options.restrict()?;
        }
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
        let store = built.map_err(|message| options.masked(message))?;
        Ok(Arc::new(Unshown::new(store, &self.root)))
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
    fn new(table: &toml::Table) -> Result<Self, String> {
        let mut options = Self {
            named: Vec::new(),
            by_environment: true,
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
                name if NAMED_BY_URLS.contains(&bare(name).as_str()) => {
                    return Err(format!("the option {name:?} is said by the URL"));
                }
                _ => options.named.push((name.clone(), text_of(name, value)?)),
            }
        }
        Ok(options)
    }

    /// What a dependency may say: little, so that nothing of this process (its variables, its
    /// files, its machine's role) is sent to a server that only the dependency names. Where it
    /// names one, or brings credentials of its own, it has those and no others.
    fn restrict(&mut self) -> Result<(), String> {
        let says = |names: &[&str]| {
            self.named.iter().any(|(name, _)| names.contains(&bare(name).as_str()))
        };
        for (name, value) in &self.named {
            let bare = bare(name);
            let all = [HARMLESS, PARTS_OF_HOSTS, SERVERS, CREDENTIALS];
            if !all.iter().any(|names| names.contains(&bare.as_str())) {
                return Err(format!("the option {name:?} is not for a dependency to say"));
            }
            let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            if PARTS_OF_HOSTS.contains(&bare.as_str()) && !value.chars().all(is_plain) {
                return Err(format!(
                    "the option {name:?} is a plain name: letters, digits and `-`"
                ));
            }
        }
        let has_credentials = says(&["access_key_id"]) && says(&["secret_access_key"])
            || says(&["access_key", "account_key", "sas_key", "sas_token", "service_account_key"]);
        self.by_environment = !says(SERVERS) && !says(CREDENTIALS);
        if !self.by_environment && !has_credentials {
            self.named.retain(|(name, _)| bare(name) != "skip_signature");
            self.named.push(("skip_signature".to_owned(), "true".to_owned()));
        }
        Ok(())
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
        // Short values are words such as `true`, which say nothing. A long one may hold a short one.
        let mut values: Vec<&str> = self.named.iter().map(|(_, value)| value.as_str()).collect();
        values.sort_by_key(|value| std::cmp::Reverse(value.len()));
        for value in values.into_iter().filter(|value| value.len() > 5) {
            message = message.replace(value, "***");
        }
        message
    }
}

/// What builders would take from the URL in any case.
const NAMED_BY_URLS: &[&str] = &["bucket", "bucket_name", "container_name"];

/// What a dependency may say of its own location.
const HARMLESS: &[&str] = &[
    "connect_timeout",
    "request_payer",
    "skip_signature",
    "timeout",
    "virtual_hosted_style_request",
];
/// These become parts of the names of hosts.
const PARTS_OF_HOSTS: &[&str] = &["account_name", "default_region", "region"];
const SERVERS: &[&str] = &["allow_http", "endpoint", "endpoint_url"];
const CREDENTIALS: &[&str] = &[
    "access_key",
    "access_key_id",
    "account_key",
    "sas_key",
    "sas_token",
    "secret_access_key",
    "service_account_key",
    "session_token",
];

/// The name of an option without that of its service.
fn bare(name: &str) -> String {
    let name = name.to_ascii_lowercase();
    let services = ["aws_", "azure_storage_", "azure_", "google_"];
    services.iter().find_map(|service| name.strip_prefix(service)).unwrap_or(&name).to_owned()
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
    use super::{Options, Service};

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

    fn options(text: &str) -> Options {
        Options::new(&text.parse().unwrap()).unwrap()
    }

    fn signs(options: &Options) -> bool {
        !options.named.contains(&("skip_signature".to_owned(), "true".to_owned()))
    }

    #[test]
    fn a_dependency_that_names_a_server_is_sent_nothing_of_the_process() {
        for option in ["endpoint", "AWS_ENDPOINT_URL", "azure_storage_endpoint", "allow_http"] {
            let mut options = options(&format!("{option} = 'https://elsewhere.example'"));
            options.restrict().unwrap();
            assert!(!options.by_environment && !signs(&options), "{option}");
        }
        let mut own = options("endpoint = 'x'\naccess_key_id = 'k'\nsecret_access_key = 's'");
        own.restrict().unwrap();
        assert!(!own.by_environment && signs(&own), "its own credentials are its own");
        let mut half = options("endpoint = 'x'\naws_session_token = 't'");
        half.restrict().unwrap();
        assert!(!half.by_environment && !signs(&half), "no role of the machine fills it up");
        let mut usual = options("region = 'eu-west-1'\ntimeout = '5s'");
        usual.restrict().unwrap();
        assert!(usual.by_environment && signs(&usual), "Amazon is sent what whoever runs it has");
    }

    #[test]
    fn a_dependency_says_no_option_that_reads_files_or_makes_up_hosts() {
        for told in [
            "web_identity_token_file = '/home/me/.ssh/id_ed25519'",
            "container_credentials_full_uri = 'https://elsewhere.example'",
            "metadata_endpoint = 'https://elsewhere.example'",
            "authority_host = 'https://elsewhere.example'",
            "use_azure_cli = true",
            "proxy_url = 'https://elsewhere.example'",
            "google_base_url = 'https://elsewhere.example'",
            "allow_invalid_certificates = true",
            "region = 'elsewhere.example/'",
            "account_name = 'elsewhere.example/'",
        ] {
            let mut options = options(told);
            let name = told.split(' ').next().unwrap();
            assert!(options.restrict().unwrap_err().contains(name), "{told}");
        }
    }

    #[test]
    fn what_the_url_says_is_no_option() {
        for name in ["bucket", "aws_bucket_name", "azure_container_name"] {
            let table = format!("{name} = 'x'").parse().unwrap();
            let error = Options::new(&table).err().unwrap();
            assert!(error.contains(name) && error.contains("URL"), "{error}");
        }
    }

    #[test]
    fn values_of_options_are_masked() {
        let options = options("a = 'topsecret'\nb = true\nc = 'topsecret-and-more'");
        let told = options.masked("topsecret-and-more, topsecret: not true".into());
        assert_eq!(told, "***, ***: not true");
    }

    #[test]
    fn a_table_is_no_option() {
        let options = "a = { b = 1 }".parse().unwrap();
        let error = Options::new(&options).err().unwrap();
        assert!(error.contains("\"a\""), "{error}");
    }
}
