//! Numbers as Go reads and writes them.
//!
//! Most values have few digits: such a number is the quotient or product of two numbers that a double holds exactly, and
//! is read in one pass with its end. The others take the long way, by the standard library.

/// What every NaN of a page becomes. Other NaNs have a meaning: one says that a series has ended.
pub(crate) const NORMAL_NAN: f64 = f64::from_bits(0x7ff8_0000_0000_0001);

/// Up to here every integer is a double.
const EXACT: u64 = 1 << 53;

/// Up to here every power of ten is a double.
const POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18,
    1e19, 1e20, 1e21, 1e22,
];

/// The number at the begin of `bytes`, which a blank, the end of the line or of `bytes` ends, and its length.
#[inline]
pub(crate) fn leading(bytes: &[u8]) -> Option<(f64, usize)> {
    match plain(bytes) {
        Some(found) => Some(found),
        None => {
            let length = bytes.iter().position(|byte| ends(*byte)).unwrap_or(bytes.len());
            Some((parse(&bytes[..length])?, length))
        }
    }
}

/// The number that is the whole of `token`, by the syntax of Go but for hexadecimal numbers and `_`.
pub(crate) fn parse(token: &[u8]) -> Option<f64> {
    let text = std::str::from_utf8(token).ok()?;
    let value: f64 = text.parse().ok()?;
    if value.is_nan() {
        return text.starts_with(['n', 'N']).then_some(NORMAL_NAN);
    }
    // Out of range is an error; what is written as infinite is not.
    let is_digits = token.iter().any(u8::is_ascii_digit);
    (value.is_finite() || !is_digits).then_some(value)
}

/// As OpenMetrics writes bounds and quantiles: shortest, and never as an integer.
pub(crate) fn canonical(value: f64) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    let scientific = format!("{value:e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    // Go decides by the exponent alone when it writes the shortest form.
    if !(-4..6).contains(&exponent) {
        let sign = if exponent < 0 { '-' } else { '+' };
        return format!("{mantissa}e{sign}{:02}", exponent.abs());
    }
    let plain = format!("{value}");
    if plain.contains('.') { plain } else { format!("{plain}.0") }
}

/// A decimal number of so few digits that one operation gives the exact result.
#[inline]
fn plain(bytes: &[u8]) -> Option<(f64, usize)> {
    let is_negative = bytes.first() == Some(&b'-');
    let begin = usize::from(is_negative);
    let (mut mantissa, mut at) = digits(bytes, begin, 0);
    let mut count = at - begin;
    let mut power = 0;
    if bytes.get(at) == Some(&b'.') {
        let (more, end) = digits(bytes, at + 1, mantissa);
        let fraction = end - at - 1;
        (mantissa, at, count, power) = (more, end, count + fraction, -(fraction as i32));
    }
    if let Some(b'e' | b'E') = bytes.get(at) {
        let is_small = bytes.get(at + 1) == Some(&b'-');
        let from = at + 1 + usize::from(is_small || bytes.get(at + 1) == Some(&b'+'));
        let (exponent, end) = digits(bytes, from, 0);
        if end == from || end - from > 3 {
            return None;
        }
        at = end;
        power += if is_small { -(exponent as i32) } else { exponent as i32 };
    }
    // Nineteen digits fit the mantissa.
    if count == 0 || count > 19 || mantissa > EXACT || bytes.get(at).is_some_and(|byte| !ends(*byte)) {
        return None;
    }
    let scale = POWERS.get(power.unsigned_abs() as usize)?;
    let value = if power < 0 { mantissa as f64 / scale } else { mantissa as f64 * scale };
    Some((if is_negative { -value } else { value }, at))
}

/// The digits from `at` on behind those in `number`, and where they end. Too many overflow, which the caller counts.
#[inline]
fn digits(bytes: &[u8], mut at: usize, mut number: u64) -> (u64, usize) {
    while let Some(digit) = bytes.get(at).map(|byte| byte.wrapping_sub(b'0')).filter(|digit| *digit < 10) {
        number = number.wrapping_mul(10).wrapping_add(digit.into());
        at += 1;
    }
    (number, at)
}

#[inline]
fn ends(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n')
}
