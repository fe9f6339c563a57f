use super::*;

fn known(name: &str) -> &'static CallEffect {
    call(name).unwrap_or_else(|| panic!("{name} is not known"))
}

fn touches(name: &str) -> bool {
    !matches!(known(name).kind, Kind::Harmless | Kind::MakesDevice { .. } | Kind::NeedsCuda { .. })
}

/// The entries that say that this import touches CUDA.
fn poisons(module: &str, name: Option<&str>) -> Vec<&'static ImportEffect> {
    import(module, name).filter(|effect| effect.poisons).collect()
}

#[test]
fn what_poisoned_in_the_lab_touches_and_what_did_not_does_not() {
    let poison = "is_available device_count current_device get_device_name get_device_properties \
                  get_device_capability mem_get_info synchronize set_device init ipc_collect \
                  reset_peak_memory_stats is_bf16_supported get_arch_list set_per_process_memory_fraction \
                  amp.autocast amp.GradScaler";
    for name in poison.split_whitespace() {
        assert!(matches!(known(&format!("torch.cuda.{name}")).kind, Kind::TouchesCuda), "{name}");
    }
    for name in ["torch.accelerator.is_available", "torch.compile", "torch._C._cuda_getDeviceCount"]
    {
        assert!(touches(name), "{name}");
    }
    let safe = "torch.cuda.is_initialized torch.device torch.cuda.empty_cache torch.cuda.manual_seed \
                torch.cuda.manual_seed_all torch.manual_seed torch.Generator torch.cuda.memory_allocated \
                torch.cuda.max_memory_allocated torch.set_default_device torch.backends.cudnn.is_available \
                torch.set_float32_matmul_precision torch.cuda.Stream torch.inference_mode torch.no_grad \
                torch.accelerator.current_accelerator torch.get_default_device torch.set_grad_enabled \
                torch.cuda.Event torch.backends.mps.is_available torch.set_default_tensor_type";
    for name in safe.split_whitespace() {
        assert!(!touches(name), "{name}");
    }
}

#[test]
fn versions_and_arguments_narrow_a_touch() {
    let version = known("torch.backends.cudnn.version").condition.expect("harmless with torch 2.8");
    assert_eq!((version.package, version.range), ("torch", ">=2.11"));
    let Kind::PoisonsWhenCalledWithCuda { device } = known("torch.zeros").kind else {
        panic!("a factory touches CUDA only with a device");
    };
    assert_eq!(device, [Argument { position: None, keyword: Some("device") }]);
    for name in ["torch.autocast", "torch.amp.autocast"] {
        assert!(matches!(known(name).kind, Kind::PoisonsWhenCalledWithCuda { .. }), "{name}");
    }
    assert!(matches!(known("torch.utils.data.DataLoader").kind, Kind::PoisonsWhenIterated { .. }));
}

#[test]
fn what_cuda_answers_is_settled_by_import_spaces() {
    let value = known("torch.cuda.is_available").value.expect("settled");
    assert_eq!(value.before_spaces, [Constant::Bool(false)]);
    assert_eq!(value.after_spaces, [Constant::Bool(true)]);
    let value = known("torch.cuda.device_count").value.expect("settled");
    assert_eq!(value.after_spaces, [Constant::Int(1)]);
    let value = known("torch.cuda.current_device").value.expect("settled");
    assert_eq!((value.before_spaces, value.after_spaces), (&[][..], &[Constant::Int(0)][..]));
    assert!(value.zerogpu_only && !known("platform.system").value.expect("settled").zerogpu_only);
}

#[test]
fn what_raised_under_the_emulation_is_not_covered_and_what_answered_is() {
    let nowhere = "init ipc_collect set_device set_per_process_memory_fraction current_stream Stream \
                   CUDAGraph get_rng_state reset_peak_memory_stats FloatTensor";
    for name in nowhere.split_whitespace() {
        let effect = known(&format!("torch.cuda.{name}"));
        assert_eq!(effect.emulated, Some(Emulated::Nowhere), "{name}");
    }
    let everywhere = "is_available device_count current_device get_device_name get_device_properties \
                      get_device_capability mem_get_info synchronize";
    for name in everywhere.split_whitespace() {
        let effect = known(&format!("torch.cuda.{name}"));
        assert_eq!(effect.emulated, Some(Emulated::Everywhere), "{name}");
    }
    let to = method("to", None).expect("known");
    assert_eq!((to.emulated, emulation().package), (Some(Emulated::OneThread), "spaces"));
}

#[test]
fn nothing_is_both_harmless_and_not() {
    let mut names: Vec<_> = calls().iter().map(|effect| effect.name).collect();
    names.sort_unstable();
    assert!(names.windows(2).all(|pair| pair[0] != pair[1]), "one fact per name");
    for safe in imports().iter().filter(|effect| !effect.poisons) {
        let also = match safe.names {
            Names::Any => poisons(safe.module, None),
            Names::Listed(names) => {
                names.iter().flat_map(|name| poisons(safe.module, Some(name))).collect()
            }
            Names::Like { .. } => panic!("{}: what is harmless was tried by name", safe.module),
        };
        assert!(also.is_empty(), "{} {:?}", safe.module, also);
    }
}

#[test]
fn other_names_of_the_same_thing_lead_to_it() {
    for (alias, canonical) in [
        ("gradio.blocks.Blocks.launch", "gradio.Blocks.launch"),
        ("spaces.zero.decorator.GPU", "spaces.GPU"),
        ("gradio.components.Textbox", "gradio.Textbox"),
        ("gradio.helpers.create_examples", "gradio.Examples"),
        (
            "concurrent.futures.thread.ThreadPoolExecutor.submit",
            "concurrent.futures.ThreadPoolExecutor.submit",
        ),
    ] {
        assert_eq!(known(alias).name, canonical);
    }
    for nothing in ["", "torch", "torch.cuda", "torch.cuda.is_available.x", "spaces.gpu", "zzz"] {
        assert!(call(nothing).is_none(), "{nothing}");
    }
}

#[test]
fn names_are_found_however_many_there_are() {
    assert!(CALL_NAMES.windows(2).all(|pair| pair[0].0 < pair[1].0));
    for (name, index) in CALL_NAMES {
        let found = known(name);
        assert!(std::ptr::eq(found, &raw const CALLS[usize::from(*index)]), "{name}");
    }
    for effect in methods() {
        let receivers = effect.on.iter().map(|family| Some(family.trim_end_matches('*')));
        let found = receivers.chain([None]).filter_map(|receiver| method(effect.name, receiver));
        assert!(found.into_iter().any(|found| std::ptr::eq(found, effect)), "{}", effect.name);
    }
    assert!(["", "zzz", "t"].iter().all(|name| method(name, None).is_none()));
}

#[test]
fn imports_ask_for_the_packages_around_and_below() {
    let modern = |module, name| {
        let found = poisons(module, name);
        found.iter().any(|effect| effect.condition.is_some_and(|one| one.range == ">=0.36.0"))
    };
    for (module, name) in [
        ("diffusers", None),
        ("diffusers", Some("FluxPipeline")),
        ("diffusers", Some("utils")),
        ("diffusers.utils", Some("load_image")),
        ("diffusers.pipelines.flux", None),
        ("compel", Some("Compel")),
    ] {
        assert!(modern(module, name), "{module} {name:?}");
    }
    let ranges = |name| -> Vec<_> {
        poisons("diffusers", name)
            .iter()
            .filter_map(|effect| effect.condition)
            .map(|one| one.range)
            .collect()
    };
    assert_eq!(ranges(None), [">=0.36.0"]);
    assert_eq!(ranges(Some("AutoencoderKL")), [">=0.36.0"]);
    assert_eq!(ranges(Some("FluxPipeline")), [">=0.36.0", "==0.35.*", "<0.34"]);
    assert_eq!(ranges(Some("AutoPipelineForText2Image")), [">=0.36.0", "==0.35.*", "<0.34"]);
    assert_eq!(ranges(Some("*")), [">=0.36.0", "==0.35.*", "<0.34"]);

    assert!(poisons("xformers", None).is_empty());
    assert_eq!(poisons("xformers", Some("ops")).len(), 1);
    assert_eq!(poisons("xformers.ops", None).len(), 1);
    assert_eq!(poisons("xformers.ops.fmha", Some("x")).len(), 1);
    assert_eq!(poisons("optimum", Some("quanto")).len(), 1);
    assert_eq!(poisons("optimum.quanto", Some("quantize")).len(), 1);
    assert!(poisons("optimum", Some("onnxruntime")).is_empty());

    let pipeline = poisons("transformers", Some("pipeline"));
    assert_eq!(pipeline[0].condition.expect("needs company").also, ["torchao"]);
    assert!(pipeline[0].lazy);
    assert!(poisons("transformers", None).is_empty());
    assert!(poisons("transformers", Some("AutoTokenizer")).is_empty());
    for module in ["torch", "torchvision", "torch.utils.data", "gradio", "numpy", "unheard_of", ""]
    {
        assert!(poisons(module, None).is_empty(), "{module}");
    }
}

#[test]
fn a_method_is_known_by_its_receiver_or_alone() {
    let role = |name, receiver| match method(name, receiver)?.kind {
        Kind::Handler { role, .. } => Some(role),
        _ => None,
    };
    assert_eq!(role("click", Some("gradio.Button")), Some(Role::Event));
    assert_eq!(role("then", Some("gradio.Button.click")), Some(Role::Event));
    assert_eq!(role("click", None), Some(Role::Event));
    assert_eq!(role("click", Some("selenium.webdriver")), None);
    assert_eq!(role("click", Some("gradiox.Button")), None);
    assert_eq!(role("load", None), None);
    assert_eq!(role("load", Some("gradio.Blocks")), Some(Role::Event));
    assert_eq!(role("submit", Some("gradio.Textbox")), Some(Role::Event));
    assert_eq!(role("submit", Some("concurrent.futures.ThreadPoolExecutor")), Some(Role::Thread));
    // A component of somebody else's package, and a client whose package begins like those.
    assert_eq!(role("change", Some("gradio_imageslider.ImageSlider")), Some(Role::Event));
    let submit = method("submit", Some("gradio_client.Client")).map(|effect| effect.kind);
    assert_eq!(submit, Some(Kind::CallsSpace));
    let cuda = method("cuda", None).expect("it is known");
    assert!(method("cuda", Some("torch.zeros")).is_some() && cuda.returns_receiver);
    assert!(matches!(cuda.kind, Kind::MovesToCuda { device: [], .. }));
    assert!(method("queue", None).is_some_and(|queue| queue.returns_receiver));
}

#[test]
fn launches_and_handlers_are_known() {
    for class in ["Blocks", "Interface", "ChatInterface", "TabbedInterface", "Server"] {
        assert!(
            matches!(known(&format!("gradio.{class}.launch")).kind, Kind::Launch { .. }),
            "{class}"
        );
    }
    assert!(matches!(known("gradio.mount_gradio_app").kind, Kind::Mounts { .. }));
    assert!(matches!(known("spaces.GPU").kind, Kind::GpuDecorator { .. }));
    // gr.on(triggers, fn, …)
    let Kind::Handler { functions, decorator, .. } = known("gradio.on").kind else {
        panic!("gr.on takes a function");
    };
    assert_eq!(functions[0], Argument { position: Some(1), keyword: Some("fn") });
    assert!(decorator);
}

#[test]
fn loaders_say_where_the_model_is_named() {
    let Some(Kind::LoadsModel(load)) = method("from_pretrained", None).map(|it| it.kind) else {
        panic!("it loads a model");
    };
    assert_eq!(
        load.id[0],
        Argument { position: Some(0), keyword: Some("pretrained_model_name_or_path") }
    );
    assert!(load.dtype.iter().any(|one| one.keyword == Some("torch_dtype")));
    for class in ["FluxPipeline", "AutoModelForCausalLM", "AutoencoderKL", "CLIPTextModel"] {
        assert!(class_loads_weights(class), "{class}");
    }
    for class in [
        "AutoTokenizer",
        "AutoProcessor",
        "AutoConfig",
        "EulerDiscreteScheduler",
        "CLIPImageProcessor",
    ] {
        assert!(!class_loads_weights(class), "{class}");
    }
}

#[test]
fn devices_that_are_cuda() {
    for device in ["cuda", "cuda:0", "cuda:12"] {
        assert!(names_cuda(device), "{device}");
    }
    for device in ["cpu", "cudalike", "cuda:", "cuda:x", "mps", "auto", ""] {
        assert!(!names_cuda(device), "{device}");
    }
    assert!(spreads_over_cuda("auto") && !spreads_over_cuda("cpu"));
}
