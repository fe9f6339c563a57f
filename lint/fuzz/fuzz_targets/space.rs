//! A whole Space: every file that is read, every rule, all that is said of it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use spacelint_fuzz::{all, location, memory, report, told};
use spacelint_rules::{check, secrets};
use spacelint_space::Space;

fuzz_target!(|bytes: &[u8]| {
    let space = Space::read(&memory(bytes));
    let found = check(&space, &all());
    report(&found);
    let needs = secrets::needs(&space);
    needs.names.iter().flat_map(|secret| &secret.places).for_each(location);
    for moment in space.moments() {
        let place = moment.place();
        spacelint_fuzz::fits(moment.file().text.as_str(), place.span);
        let _ = (moment.chain(), moment.certainty(), moment.guards().count());
    }
    // Every now and then: nothing that is said may depend on chance.
    if bytes.len() % 8 == 0 {
        let again = check(&Space::read(&memory(bytes)), &all());
        assert_eq!(told(&found), told(&again));
    }
});
