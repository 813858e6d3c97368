//! Numbers as Go writes them, which is what readers of pages are used to.

/// Appends a number in the shortest form that reads back as the same: `1`, `0.25`, `1e+06`, `+Inf`, `NaN`.
pub(super) fn write(out: &mut Vec<u8>, number: f64) {
    if number.is_nan() {
        out.extend_from_slice(b"NaN");
    } else if number.is_infinite() {
        out.extend_from_slice(if number > 0.0 { b"+Inf" } else { b"-Inf" });
    } else if number.fract() == 0.0 && number.abs() < 1e6 && (number != 0.0 || number.is_sign_positive()) {
        #[expect(clippy::cast_possible_truncation, reason = "it is whole and below a million")]
        let whole = number as i64;
        out.extend_from_slice(itoa::Buffer::new().format(whole).as_bytes());
    } else {
        write_digits(out, number);
    }
}

/// The same, with `.0` behind whole numbers, as OpenMetrics wants it.
pub(super) fn write_fractional(out: &mut Vec<u8>, number: f64) {
    let start = out.len();
    write(out, number);
    if number.is_finite() && !out[start..].iter().any(|byte| matches!(byte, b'.' | b'e')) {
        out.extend_from_slice(b".0");
    }
}

pub(super) fn write_whole(out: &mut Vec<u8>, number: u64) {
    out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}

/// Milliseconds as seconds: `1520879607.789`.
pub(super) fn write_seconds(out: &mut Vec<u8>, nanos: u64) {
    write_whole(out, nanos / 1_000_000_000);
    let rest = nanos % 1_000_000_000;
    if rest > 0 {
        let digits = format!("{rest:09}");
        out.push(b'.');
        out.extend_from_slice(digits.trim_end_matches('0').as_bytes());
    }
}

/// Writes the digits with a point among them, or with an exponent when the point would be far from them: below four
/// zeros behind the point, and from a million on.
fn write_digits(out: &mut Vec<u8>, number: f64) {
    let mut buffer = zmij::Buffer::new();
    let text = buffer.format_finite(number);
    let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
    let (sign, mantissa) = mantissa.strip_prefix('-').map_or(("", mantissa), |rest| ("-", rest));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all = format!("{whole}{fraction}");
    let zeros = all.len() - all.trim_start_matches('0').len();
    let digits = all.trim_matches('0');
    out.extend_from_slice(sign.as_bytes());
    if digits.is_empty() {
        out.push(b'0');
        return;
    }
    let point = |length: usize| i32::try_from(length).unwrap_or(i32::MAX);
    // The value is 0.<digits> times ten to the power of this.
    let power = point(whole.len()) - point(zeros) + exponent.parse::<i32>().unwrap_or_default();
    if (-3..=6).contains(&power) {
        write_plain(out, digits, power);
    } else {
        write_scientific(out, digits, power - 1);
    }
}

fn write_plain(out: &mut Vec<u8>, digits: &str, power: i32) {
    match usize::try_from(power) {
        Ok(whole) if whole >= digits.len() => {
            out.extend_from_slice(digits.as_bytes());
            out.resize(out.len() + whole - digits.len(), b'0');
        }
        Ok(whole @ 1..) => {
            out.extend_from_slice(&digits.as_bytes()[..whole]);
            out.push(b'.');
            out.extend_from_slice(&digits.as_bytes()[whole..]);
        }
        Ok(_) | Err(_) => {
            out.extend_from_slice(b"0.");
            out.resize(out.len() + usize::try_from(-power).unwrap_or_default(), b'0');
            out.extend_from_slice(digits.as_bytes());
        }
    }
}

fn write_scientific(out: &mut Vec<u8>, digits: &str, exponent: i32) {
    let (first, rest) = digits.split_at(1);
    out.extend_from_slice(first.as_bytes());
    if !rest.is_empty() {
        out.push(b'.');
        out.extend_from_slice(rest.as_bytes());
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    out.extend_from_slice(format!("e{sign}{:02}", exponent.abs()).as_bytes());
}
