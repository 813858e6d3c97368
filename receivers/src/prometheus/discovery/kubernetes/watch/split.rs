//! Where an object in a stream of JSON begins and ends: each is read by itself, so that a list of any length costs no
//! more than its largest object.

/// The largest object that is read. The server takes none above 3 MB; in JSON it may grow.
pub(super) const MAX_OBJECT: usize = 8 << 20;

/// The most that a list says beside its objects.
const MAX_HEAD: usize = 64 << 10;

/// An object that is larger than what is read.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TooLarge;

/// The lines of a watch.
pub(super) struct Lines {
    line: Vec<u8>,
    is_too_large: bool,
    max: usize,
}

impl Lines {
    pub(super) fn new(max: usize) -> Lines {
        Lines { line: Vec::new(), is_too_large: false, max }
    }

    /// Calls `each` for every line that ends in `part`.
    pub(super) fn push(&mut self, part: &[u8], mut each: impl FnMut(Result<&[u8], TooLarge>)) {
        let mut lines = part.split(|byte| *byte == b'\n').peekable();
        while let Some(piece) = lines.next() {
            self.is_too_large |= self.line.len() + piece.len() > self.max;
            if !self.is_too_large {
                self.line.extend_from_slice(piece);
            }
            if lines.peek().is_none() {
                return;
            }
            if std::mem::take(&mut self.is_too_large) {
                each(Err(TooLarge));
            } else if !self.line.trim_ascii().is_empty() {
                each(Ok(&self.line));
            }
            self.reset();
        }
    }

    fn reset(&mut self) {
        self.line.clear();
        // A large object is rare: its room is not kept for the next.
        self.line.shrink_to(64 << 10);
    }
}

/// The objects of a list: the items of `items` in a map.
pub(super) struct Items {
    depth: usize,
    is_text: bool,
    is_escaped: bool,
    /// The last text of the map itself: a key, or a value.
    last: Vec<u8>,
    inside: bool,
    item: Vec<u8>,
    is_too_large: bool,
    /// The list without its items.
    head: Vec<u8>,
    max: usize,
}

/// What is no list.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NoList;

/// The depth of an item's own braces: the map, `items`, the item.
const ITEM: usize = 3;

impl Items {
    pub(super) fn new(max: usize) -> Items {
        Items {
            depth: 0,
            is_text: false,
            is_escaped: false,
            last: Vec::new(),
            inside: false,
            item: Vec::new(),
            is_too_large: false,
            head: Vec::new(),
            max,
        }
    }

    /// Calls `each` for every item that ends in `part`.
    ///
    /// # Errors
    /// When it is no list.
    pub(super) fn push(
        &mut self,
        part: &[u8],
        mut each: impl FnMut(Result<&[u8], TooLarge>),
    ) -> Result<(), NoList> {
        for &byte in part {
            let ends_item = self.step(byte)?;
            self.keep(byte)?;
            if ends_item {
                if std::mem::take(&mut self.is_too_large) {
                    each(Err(TooLarge));
                } else {
                    each(Ok(&self.item));
                }
                self.item.clear();
                self.item.shrink_to(64 << 10);
            }
        }
        Ok(())
    }

    /// What the list says beside its items, when it has come to its end.
    pub(super) fn finish(self) -> Option<Vec<u8>> {
        (self.depth == 0 && !self.is_text && !self.head.trim_ascii().is_empty()).then_some(self.head)
    }

    /// Takes notice of one byte; whether it ends an item.
    fn step(&mut self, byte: u8) -> Result<bool, NoList> {
        if self.is_text {
            self.step_in_text(byte);
            return Ok(false);
        }
        match byte {
            b'"' => {
                self.is_text = true;
                self.last.clear();
            }
            b'{' | b'[' => {
                self.depth += 1;
                self.inside |= self.depth == 2 && byte == b'[' && self.last == b"items";
                if self.depth == 1 && byte == b'[' {
                    return Err(NoList);
                }
            }
            b'}' | b']' => {
                self.depth = self.depth.checked_sub(1).ok_or(NoList)?;
                let ended = self.inside && self.depth == ITEM - 1;
                if self.depth == 1 {
                    self.inside = false;
                    self.last.clear();
                }
                return Ok(ended);
            }
            _ => {}
        }
        Ok(false)
    }

    fn step_in_text(&mut self, byte: u8) {
        match byte {
            _ if self.is_escaped => self.is_escaped = false,
            b'\\' => self.is_escaped = true,
            b'"' => self.is_text = false,
            _ if self.depth == 1 && self.last.len() < 16 => self.last.push(byte),
            _ => {}
        }
    }

    fn keep(&mut self, byte: u8) -> Result<(), NoList> {
        let is_bracket = self.depth == 2 && byte == b'[' && !self.is_text;
        if !self.inside || is_bracket {
            self.head.push(byte);
            return if self.head.len() > MAX_HEAD { Err(NoList) } else { Ok(()) };
        }
        let ends = self.depth == ITEM - 1 && byte == b'}' && !self.is_text;
        if self.depth >= ITEM || ends {
            self.is_too_large |= self.item.len() >= self.max;
            if self.is_too_large {
                self.item.clear();
            } else {
                self.item.push(byte);
            }
        }
        Ok(())
    }
}
