//! Body of the fuzz target; not part of the public interface.

use super::{RecordFault, Recording, Writer};

/// Reads any bytes as a recording: a typed fault, or entries that are written again so that they read the same.
///
/// # Panics
///
/// When they do not.
pub fn recording(data: &[u8]) {
    let Ok((preface, entries)) = read(data) else {
        return;
    };
    let mut again = Vec::new();
    let mut writer = Writer::begin(&mut again, &preface, u64::MAX).expect("it was as long before");
    for entry in &entries {
        writer.write(entry).expect("it was as long before");
    }
    let (_, found) = read(&again).expect("we wrote it");
    assert_eq!(entries, found);
}

/// Everything up to the end; what comes before damage counts too, as `finewire replay` shows it.
fn read(data: &[u8]) -> Result<(bytes::Bytes, Vec<super::Entry>), RecordFault> {
    let mut recording = Recording::open(data)?;
    let mut entries = Vec::new();
    while let Ok(Some(entry)) = recording.next_entry() {
        entries.push(entry);
    }
    Ok((recording.preface().clone(), entries))
}
