//! Sparse rows of features.

/// Rows of (column, value), packed one after another.
#[derive(Clone, Debug, Default)]
pub struct Matrix {
    /// Where each row begins, and where the last ends.
    starts: Vec<usize>,
    columns: Vec<u32>,
    values: Vec<f32>,
    width: usize,
}

/// One row: columns in ascending order, each with its value.
#[derive(Clone, Copy, Debug)]
pub struct Row<'a> {
    /// The columns that are not zero.
    pub columns: &'a [u32],
    /// Their values.
    pub values: &'a [f32],
}

impl Matrix {
    /// A matrix without rows, of so many columns.
    pub fn new(width: usize) -> Matrix {
        Matrix { starts: vec![0], columns: Vec::new(), values: Vec::new(), width }
    }

    /// Adds a row. Entries whose column lies outside are left out; the order of entries does not matter.
    pub fn push(&mut self, row: impl IntoIterator<Item = (u32, f32)>) {
        let start = self.columns.len();
        let mut entries: Vec<(u32, f32)> = row.into_iter().filter(|(c, _)| (*c as usize) < self.width).collect();
        entries.sort_unstable_by_key(|(column, _)| *column);
        self.columns.extend(entries.iter().map(|(column, _)| *column));
        self.values.extend(entries.iter().map(|(_, value)| *value));
        debug_assert!(self.columns[start..].is_sorted());
        self.starts.push(self.columns.len());
    }

    /// How many rows there are.
    pub fn rows(&self) -> usize {
        self.starts.len() - 1
    }

    /// How many columns there may be.
    pub fn width(&self) -> usize {
        self.width
    }

    /// One row.
    pub fn row(&self, row: usize) -> Row<'_> {
        let range = self.starts[row]..self.starts[row + 1];
        Row { columns: &self.columns[range.clone()], values: &self.values[range] }
    }
}

impl Row<'_> {
    /// Its entries.
    pub fn iter(&self) -> impl Iterator<Item = (u32, f32)> + '_ {
        self.columns.iter().copied().zip(self.values.iter().copied())
    }

    /// The sum of the squares of its values.
    pub fn squared(&self) -> f32 {
        self.values.iter().map(|value| value * value).sum()
    }
}
