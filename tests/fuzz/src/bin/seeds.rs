//! Writes the seeds of the corpus anew; what was found and kept beside them stays.

use std::io::Result;

fn main() -> Result<()> {
    for seed in fuzz::seeds::all() {
        let folder = fuzz::corpus(seed.target);
        std::fs::create_dir_all(&folder)?;
        std::fs::write(folder.join(seed.name), &seed.bytes)?;
    }
    Ok(())
}
