//! What is known of a Space before it is started, and what it is started with.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;

use camino::Utf8PathBuf;
use spacelint_knowledge::gradio;
use spacelint_knowledge::platform::{Backing, Size, duration};
use spacelint_space::identity::{self, Identified};
use spacelint_space::profile::Basis;
use spacelint_space::{Files, Space};

use super::explain;
use crate::args;
use crate::drive::Replay;
use crate::report;
use crate::shares::Shares;
use crate::translate::OnPlatform;
use crate::zerogpu::device::Device;
use crate::zerogpu::hook::{LOOKED_INTO, SITECUSTOMIZE};
use crate::zerogpu::python;
use crate::zerogpu::space::Private;

/// What is known before the Space is started.
pub(super) struct Prepared<'a> {
    pub(super) asked: &'a args::Run,
    pub(super) root: PathBuf,
    pub(super) command: Vec<OsString>,
    pub(super) device: Device,
    pub(super) versions: BTreeMap<String, String>,
    pub(super) is_hooked: bool,
    pub(super) needs_login: bool,
    /// The Python that has Gradio's client: the Space's, where that is known.
    pub(super) python: PathBuf,
    /// What the text tells of the GPU functions, as it was when the Space started.
    pub(super) functions: Vec<Identified>,
}

impl<'a> Prepared<'a> {
    pub(super) fn new(asked: &'a args::Run) -> Result<Self, String> {
        let shown = asked.path.display();
        let root = asked
            .path
            .canonicalize()
            .map_err(|error| format!("cannot open the Space `{shown}`: {error}"))?;
        let named = Utf8PathBuf::from_path_buf(root.clone())
            .map_err(|_| format!("`{shown}` is not Unicode; rename it"))?;
        let space = Space::read(&Files::disk(named));
        // What is missing is said before the Space is started for nothing.
        if let Some(script) = asked.drive.as_ref().filter(|script| !script.is_file()) {
            return Err(format!("there is no script {script}"));
        }
        if let Some(path) = &asked.replay {
            Replay::read(path).map_err(|why| why.to_string())?;
        }
        let python = python::choose(asked.python.as_deref());
        let (command, versions) = if asked.command.is_empty() {
            if space.entry.is_none() {
                return Err(format!(
                    "`{shown}` has no `{}`, with which a Space begins; name the Space's folder, or after `--` the \
                     command that starts it",
                    space.app_file
                ));
            }
            let versions = python::versions(&python)?;
            for package in ["gradio", "spaces"] {
                if !versions.contains_key(package) {
                    return Err(format!(
                        "`{package}` is not installed for `{}`; activate the environment that the Space runs in, or \
                         name its interpreter with --python",
                        python.display()
                    ));
                }
            }
            (vec![python.clone().into(), OsString::from(space.app_file.as_str())], versions)
        } else {
            (asked.command.clone(), BTreeMap::new())
        };
        let device = if asked.cpu { Device::cpu() } else { Device::find() };
        let switch = space.card.as_ref().and_then(|card| card.str(gradio::oauth().switch));
        let needs_login = switch.is_some_and(|value| value.eq_ignore_ascii_case("true"));
        let functions = space.trace().map(identity::identify).unwrap_or_default();
        let is_hooked = !asked.no_hook;
        Ok(Self {
            asked,
            root,
            command,
            device,
            versions,
            is_hooked,
            needs_login,
            python,
            functions,
        })
    }

    pub(super) fn is_cpu(&self) -> bool {
        self.device.basis == Basis::Cpu
    }

    /// By what seconds of this GPU are multiplied to be the platform's, where that is known.
    pub(super) fn translation(&self) -> impl Fn(Size, &[Shares]) -> Option<OnPlatform> {
        let Device { basis, name, .. } = &self.device;
        report::translation(*basis, name.as_deref(), self.asked.times_hold_on_platform)
    }

    /// What the calls are multiplied by, here and on the platform.
    pub(super) fn factors(&self, versions: &BTreeMap<String, String>) -> (f64, f64) {
        let platform = Backing::current().time_factor(Size::DEFAULT);
        let knows = versions
            .get("spaces")
            .is_none_or(|version| !explain::is_before(version, duration().factor_since_spaces));
        if !knows {
            // It asks for what is declared, here and there.
            return (1.0, 1.0);
        }
        let here =
            Backing::all().iter().find(|backing| Some(backing.gpu) == self.device.name.as_deref());
        let client = if self.is_hooked {
            platform
        } else {
            // A GPU that it does not know counts as the one without a factor.
            here.map_or(1.0, |backing| backing.time_factor(Size::DEFAULT))
        };
        (client, platform)
    }

    pub(super) fn environment(
        &self,
        private: &Private,
        api: Option<&str>,
        port: u16,
    ) -> Result<Vec<(&'static str, Option<OsString>)>, String> {
        let name = self.root.file_name().unwrap_or_default().to_owned();
        let mut id = OsString::from("local/");
        id.push(&name);
        let mut set: Vec<(&'static str, Option<OsString>)> = vec![
            ("SYSTEM", Some("spaces".into())),
            ("SPACE_ID", Some(id)),
            ("SPACE_AUTHOR_NAME", Some("local".into())),
            ("SPACE_REPO_NAME", Some(name)),
            ("SPACE_HOST", Some(format!("127.0.0.1:{port}").into())),
            ("GRADIO_SERVER_NAME", Some("127.0.0.1".into())),
            ("GRADIO_SERVER_PORT", Some(port.to_string().into())),
            ("GRADIO_ANALYTICS_ENABLED", Some("False".into())),
            // The page is not what is measured, and needs Node.
            ("GRADIO_SSR_MODE", Some("False".into())),
            ("GRADIO_CACHE_MODE", Some("lazy".into())),
            ("PYTHONUNBUFFERED", Some("1".into())),
        ];
        if self.needs_login {
            for name in ["OAUTH_CLIENT_ID", "OAUTH_CLIENT_SECRET"] {
                set.push((name, Some("local".into())));
            }
            set.push(("OAUTH_SCOPES", Some("openid profile".into())));
            set.push(("OPENID_PROVIDER_URL", Some("http://127.0.0.1:9".into())));
        }
        for name in ["SPACES_ZERO_GPU", "SPACES_ZERO_DEVICE_API_URL"] {
            set.push((name, None));
        }
        if let Some(api) = api {
            let never = private.join("nothing").join("*");
            // In the form that every version of `spaces` reads.
            let cgroup = private.write("cgroup", "1:devices:/spacelint\n")?;
            set.extend([
                ("SPACES_ZERO_GPU", Some("true".into())),
                ("SPACES_ZERO_DEVICE_API_URL", Some(api.into())),
                ("ZEROGPU_V2", Some("true".into())),
                // `spaces` empties this folder.
                ("ZEROGPU_OFFLOAD_DIR", Some(private.join("tensors").into())),
                // `spaces` deletes the files of weights that it has packed if they match this: the author's own.
                ("ZEROGPU_MMAP_AUTOPRUNE_PATTERN", Some(never.into())),
                ("ZEROGPU_PROC_SELF_CGROUP_PATH", Some(cgroup.into())),
                // As on ZeroGPU, where only workers have a GPU.
                ("CUDA_VISIBLE_DEVICES", Some("".into())),
            ]);
        }
        if self.is_hooked {
            let hook = private.write("hook/sitecustomize.py", SITECUSTOMIZE)?;
            let mut path = OsString::from(hook.parent().unwrap_or(private.path()));
            if let Some(before) = std::env::var_os("PYTHONPATH").filter(|it| !it.is_empty()) {
                path.push(":");
                path.push(before);
            }
            let mode = if api.is_some() { "zerogpu" } else { "plain" };
            if self.asked.parts {
                set.push((LOOKED_INTO, Some(private.join(LOOKED_INTO).into())));
            }
            set.extend([
                ("PYTHONPATH", Some(path)),
                ("SPACELINT_EVENTS", Some(private.join("events").into())),
                ("SPACELINT_MODE", Some(mode.into())),
                ("SPACELINT_GPU", Some(Backing::current().gpu.into())),
                ("SPACELINT_CPU", Some(if self.is_cpu() { "1" } else { "0" }.into())),
            ]);
        }
        Ok(set)
    }
}
