//! What the kinds of `effects.toml` are made of, as Rust.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::super::{sorted, strings};
use super::argument;

/// What a kind is made of, taken out piece by piece so that what is left over can be refused.
pub(super) struct Pieces<'a> {
    pub(super) what: &'a str,
    pub(super) args: BTreeMap<String, Vec<String>>,
    pub(super) role: Option<String>,
    pub(super) decorator: Option<bool>,
    pub(super) runs_now: Option<bool>,
    pub(super) detects_cuda: Option<bool>,
    pub(super) id_prefix: Option<String>,
    pub(super) environment: Option<Vec<String>>,
    pub(super) at: Option<String>,
    pub(super) raises: Option<bool>,
    pub(super) unless_set: Option<bool>,
    pub(super) touches_cuda: Option<bool>,
    pub(super) listens: Option<Listens>,
    pub(super) port: Option<u16>,
}

/// What a server listens on that is told nothing.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Listens {
    host: String,
    port: u16,
}

impl Pieces<'_> {
    /// Rust for the kind of that name; whatever it has no use for is refused.
    pub(super) fn kind(mut self, name: &str) -> Result<String, String> {
        let kind = match name {
            "harmless" => "Kind::Harmless".to_owned(),
            "touches-cuda" => "Kind::TouchesCuda".to_owned(),
            "touches-cuda-on-device" => {
                format!("Kind::PoisonsWhenCalledWithCuda {{ device: {} }}", self.needed("device")?)
            }
            "touches-cuda-on-iteration" => {
                format!(
                    "Kind::PoisonsWhenIterated {{ when: {}, workers: {} }}",
                    self.needed("when")?,
                    self.taken("workers")?
                )
            }
            "needs-cuda" => format!("Kind::NeedsCuda {{ device: {} }}", self.taken("device")?),
            "moves-to-cuda" => {
                format!(
                    "Kind::MovesToCuda {{ device: {}, index: {} }}",
                    self.needed("device")?,
                    self.taken("index")?
                )
            }
            "loads-model" => self.loads_model()?,
            "wraps-handlers" => "Kind::WrapsHandlers".to_owned(),
            "runs-model" => "Kind::RunsModel".to_owned(),
            "loads-adapter" => {
                format!(
                    "Kind::LoadsAdapter {{ id: {}, token: {}, device: {}, detects_cuda: {} }}",
                    self.needed("id")?,
                    self.taken("token")?,
                    self.taken("device")?,
                    self.detects_cuda.take().unwrap_or_default(),
                )
            }
            "gpu-decorator" => self.gpu_decorator()?,
            "handler" => self.handler()?,
            "launch" | "mounts" => self.serves_gradio(name)?,
            "serves" => self.serves()?,
            "sets-queue" | "offers-login" => self.app(name)?,
            "download" => {
                format!(
                    "Kind::Download {{ id: {}, token: {} }}",
                    self.needed("id")?,
                    self.taken("token")?
                )
            }
            "client" => format!(
                "Kind::Client {{ id: {}, token: {}, headers: {} }}",
                self.needed("id")?,
                self.taken("token")?,
                self.taken("headers")?
            ),
            "sleep" => format!("Kind::Sleep {{ seconds: {} }}", self.needed("seconds")?),
            "http" => "Kind::Http".to_owned(),
            "connects" => self.connects()?,
            "encodes" => "Kind::Encodes".to_owned(),
            "calls-space" => "Kind::CallsSpace".to_owned(),
            "compiles" => format!(
                "Kind::Compiles {{ touches_cuda: {} }}",
                self.touches_cuda.take().unwrap_or_default()
            ),
            "subprocess" => format!(
                "Kind::Subprocess {{ command: {}, folder: {} }}",
                self.needed("command")?,
                self.taken("folder")?
            ),
            "login" => format!("Kind::Login {{ token: {} }}", self.needed("token")?),
            "needs-key" => self.needs_key()?,
            "reads-env" => self.reads_env()?,
            "sets-env" => self.sets_env()?,
            "sets-env-all" => format!("Kind::SetsEnvAll {{ values: {} }}", self.needed("values")?),
            "loads-env-file" => "Kind::LoadsEnvFile".to_owned(),
            "makes-device" => format!("Kind::MakesDevice {{ device: {} }}", self.needed("device")?),
            "package-version" => {
                format!("Kind::PackageVersion {{ package: {} }}", self.needed("package")?)
            }
            "parses-version" => {
                format!("Kind::ParsesVersion {{ version: {} }}", self.needed("version")?)
            }
            "python-version" => "Kind::PythonVersion".to_owned(),
            other => return Err(format!("{}: no kind is called {other:?}", self.what)),
        };
        if self.is_left() {
            return Err(format!("{}: {name:?} has no use for all that is said of it", self.what));
        }
        Ok(kind)
    }

    /// Whether something was said that no kind took.
    fn is_left(&self) -> bool {
        !self.args.is_empty()
            || self.role.is_some()
            || self.decorator.is_some()
            || self.runs_now.is_some()
            || self.detects_cuda.is_some()
            || self.id_prefix.is_some()
            || self.environment.is_some()
            || self.at.is_some()
            || self.raises.is_some()
            || self.unless_set.is_some()
            || self.touches_cuda.is_some()
            || self.listens.is_some()
            || self.port.is_some()
    }

    fn gpu_decorator(&mut self) -> Result<String, String> {
        Ok(format!(
            "Kind::GpuDecorator {{ function: {}, duration: {}, size: {}, ignored: {} }}",
            self.needed("function")?,
            self.needed("duration")?,
            self.needed("size")?,
            self.taken("ignored")?
        ))
    }

    fn serves_gradio(&mut self, name: &str) -> Result<String, String> {
        let kind = match name {
            "mounts" => format!("Mounts {{ app: {}, ", self.needed("app")?),
            _ => format!(
                "Launch {{ share: {}, host: {}, port: {}, returns: {}, ",
                self.needed("share")?,
                self.needed("host")?,
                self.needed("port")?,
                self.needed("returns")?
            ),
        };
        let (functions, ssr) = (self.taken("functions")?, self.taken("ssr")?);
        Ok(format!("Kind::{kind}functions: {functions}, ssr: {ssr} }}"))
    }

    fn app(&mut self, name: &str) -> Result<String, String> {
        Ok(match name {
            "sets-queue" => format!(
                "Kind::SetsQueue {{ at_once: {}, waiting: {} }}",
                self.needed("at_once")?,
                self.needed("waiting")?
            ),
            _ => format!("Kind::OffersLogin {{ render: {} }}", self.needed("render")?),
        })
    }

    fn connects(&mut self) -> Result<String, String> {
        let usual = self.port.take().ok_or_else(|| format!("{}: on which port?", self.what))?;
        Ok(format!(
            "Kind::Connects {{ host: {}, port: {}, socket: {}, usual: {usual} }}",
            self.needed("host")?,
            self.taken("port")?,
            self.taken("socket")?
        ))
    }

    fn serves(&mut self) -> Result<String, String> {
        let listens = match self.listens.take() {
            Some(Listens { host, port }) => {
                format!("Some(Listens {{ host: {host:?}, port: {port} }})")
            }
            None => "None".to_owned(),
        };
        Ok(format!(
            "Kind::Serves {{ app: {}, host: {}, port: {}, listens: {listens} }}",
            self.needed("app")?,
            self.taken("host")?,
            self.taken("port")?
        ))
    }

    fn handler(&mut self) -> Result<String, String> {
        Ok(format!(
            "Kind::Handler {{ functions: {}, later: {}, role: {}, decorator: {}, runs_now: {}, \
             at_once: {}, examples: {} }}",
            self.needed("functions")?,
            self.taken("later")?,
            self.role()?,
            self.decorator.take().unwrap_or_default(),
            self.runs_now.take().unwrap_or_default(),
            self.taken("at_once")?,
            self.examples()?,
        ))
    }

    /// `Option<Examples>`
    fn examples(&mut self) -> Result<String, String> {
        if !self.args.contains_key("examples") {
            return Ok("None".to_owned());
        }
        Ok(format!(
            "Some(Examples {{ examples: {}, cached: {}, mode: {} }})",
            self.needed("examples")?,
            self.needed("cached")?,
            self.needed("cache_mode")?
        ))
    }

    fn loads_model(&mut self) -> Result<String, String> {
        Ok(format!(
            "Kind::LoadsModel(ModelLoad {{ id: {}, id_prefix: {:?}, part: {}, dtype: {}, quantisation: {}, \
                 token: {}, device: {}, detects_cuda: {} }})",
            self.needed("id")?,
            self.id_prefix.take().unwrap_or_default(),
            self.taken("part")?,
            self.taken("dtype")?,
            self.taken("quantisation")?,
            self.taken("token")?,
            self.taken("device")?,
            self.detects_cuda.take().unwrap_or_default(),
        ))
    }

    fn reads_env(&mut self) -> Result<String, String> {
        Ok(format!(
            "Kind::ReadsEnv {{ name: {}, default: {}, raises: {} }}",
            self.needed("name")?,
            self.taken("default")?,
            self.raises.take().ok_or_else(|| format!("{}: does it raise?", self.what))?,
        ))
    }

    fn sets_env(&mut self) -> Result<String, String> {
        Ok(format!(
            "Kind::SetsEnv {{ name: {}, value: {}, unless_set: {} }}",
            self.needed("name")?,
            self.needed("value")?,
            self.unless_set.take().unwrap_or_default(),
        ))
    }

    fn needs_key(&mut self) -> Result<String, String> {
        let environment = self.environment.take().unwrap_or_default();
        let mut names: Vec<&str> = environment.iter().map(String::as_str).collect();
        names.sort_unstable();
        sorted(self.what, names)?;
        let at = match self.at.take().as_deref() {
            Some("construction") => "Construction",
            Some("first-use") => "FirstUse",
            other => return Err(format!("{}: no moment is called {other:?}", self.what)),
        };
        Ok(format!(
            "Kind::NeedsKey {{ key: {}, environment: {}, at: KeyNeeded::{at} }}",
            self.needed("key")?,
            strings(&environment)
        ))
    }

    fn role(&mut self) -> Result<String, String> {
        let role = match self.role.take().as_deref() {
            Some("event") => "Event",
            Some("render") => "Render",
            Some("example") => "Example",
            Some("route") => "Route",
            Some("thread") => "Thread",
            Some("thread-in-context") => "ThreadInContext",
            Some("process") => "Process",
            Some("callback") => "Callback",
            other => return Err(format!("{}: no role is called {other:?}", self.what)),
        };
        Ok(format!("Role::{role}"))
    }

    fn needed(&mut self, name: &str) -> Result<String, String> {
        if !self.args.contains_key(name) {
            return Err(format!("{}: which argument is `{name}`?", self.what));
        }
        self.taken(name)
    }

    fn taken(&mut self, name: &str) -> Result<String, String> {
        let mut out = String::from("&[");
        for text in self.args.remove(name).unwrap_or_default() {
            out.push_str(&argument(self.what, &text)?);
            out.push_str(", ");
        }
        out.push(']');
        Ok(out)
    }
}
