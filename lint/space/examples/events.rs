fn main() {
    for root in std::env::args().skip(1) {
        let files = spacelint_space::Files::disk(root.as_str());
        let t = std::time::Instant::now();
        let space = spacelint_space::Space::read(&files);
        let dt = t.elapsed();
        println!("== {root} zerogpu={} {:?}", space.is_zerogpu(), dt);
        let Some(trace) = space.trace() else { println!("no trace"); continue };
        println!("   files {} roots {} exhausted {:?} problems {:?}", trace.files().count(), trace.roots().len(), trace.exhausted(), space.problems);
        for m in trace.moments() {
            let p = m.file().text.position(m.place().span.start);
            let e = format!("{:?}", m.event.effect);
            println!("  {:?} {:?} {}:{} {}", m.phase, m.certainty(), m.file().path, p.line, e.chars().take(230).collect::<String>());
        }
    }
}
