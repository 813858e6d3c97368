use super::*;

#[test]
fn a_name_with_brackets_does_not_shift_the_fields() {
    let stat = "7 (a) b) S 1 7 7 0 -1 4194560 1 2 3 4 250 50 0 0 20 0 1 0 99 1000 200";
    let cpu = parse_stat(stat, 100).unwrap();
    assert_eq!(cpu, Cpu { user: Duration::from_millis(2500), system: Duration::from_millis(500) });
}

#[test]
fn memory_is_read_in_bytes() {
    let status = "Name:\tx\nVmHWM:\t    2048 kB\nVmRSS:\t    1024 kB\n";
    assert_eq!(parse_status(status, "VmHWM:"), Some(2 << 20));
    assert_eq!(parse_status(status, "VmRSS:"), Some(1 << 20));
    assert_eq!(parse_status(status, "VmSwap:"), None);
}

#[test]
fn this_process_has_memory() {
    let resident = Resident::of(std::process::id()).unwrap();
    assert!(resident.now > 0 && resident.peak >= resident.now);
    assert!(Cpu::of(std::process::id()).is_ok());
}
