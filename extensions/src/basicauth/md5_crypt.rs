//! The salted MD5 of `crypt(3)`, in the flavours of Unix and Apache.

use md5::{Digest, Md5};

/// What Apache writes before the salt.
pub(super) const APACHE: &str = "$apr1$";
/// What others write before the salt.
pub(super) const UNIX: &str = "$1$";

const DIGITS: &[u8; 64] = b"./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const ROUNDS: usize = 1000;

/// The hash of `password` as it stands behind the salt. Of the salt the first eight bytes count.
pub(super) fn hash(magic: &str, salt: &str, password: &[u8]) -> String {
    let salt = &salt.as_bytes()[..salt.len().min(8)];
    let mut sum = md5(&[&first_input(magic, salt, password)]);
    for round in 0..ROUNDS {
        let is_odd = round % 2 == 1;
        let salt = if round % 3 == 0 { &[][..] } else { salt };
        let again = if round % 7 == 0 { &[][..] } else { password };
        sum = match is_odd {
            true => md5(&[password, salt, again, &sum]),
            false => md5(&[&sum, salt, again, password]),
        };
    }
    encode(&sum)
}

fn md5(parts: &[&[u8]]) -> [u8; 16] {
    let mut hasher = Md5::new();
    parts.iter().for_each(|part| hasher.update(part));
    hasher.finalize().into()
}

/// What the first sum is taken of: password, magic and salt, then parts that depend on the password's length.
fn first_input(magic: &str, salt: &[u8], password: &[u8]) -> Vec<u8> {
    let mut input = [password, magic.as_bytes(), salt].concat();
    let inner = md5(&[password, salt, password]);
    input.extend(inner.iter().cycle().take(password.len()));
    let mut bits = password.len();
    while bits > 0 {
        // Where the bit is set, a zero byte was meant to be something else; it has stayed a zero ever since.
        input.push(if bits & 1 == 1 { 0 } else { password[0] });
        bits >>= 1;
    }
    input
}

/// Six bits a digit, the bytes in the order that `crypt` chose.
fn encode(sum: &[u8; 16]) -> String {
    let triples = [(0, 6, 12), (1, 7, 13), (2, 8, 14), (3, 9, 15), (4, 10, 5)];
    let mut text = String::with_capacity(22);
    let mut push = |value: u32, digits: u32| {
        for digit in 0..digits {
            text.push(DIGITS[(value >> (6 * digit)) as usize & 63].into());
        }
    };
    for (high, middle, low) in triples {
        push(u32::from(sum[high]) << 16 | u32::from(sum[middle]) << 8 | u32::from(sum[low]), 4);
    }
    push(u32::from(sum[11]), 2);
    text
}
