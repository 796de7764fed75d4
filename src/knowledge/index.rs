//! An index of terms: words and pairs of characters of numbered documents, ranked by BM25.
//!
//! Ranking is BM25 (Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond", 2009), summed over
//! two fields. That a title counts more than a body is expressed as that paper's simple BM25F does
//! (Robertson, Zaragoza, Taylor, "Simple BM25 Extension to Multiple Weighted Fields", 2004): a part of weight *n* is
//! indexed *n* times. So a search asks each term once and not once a field.
//!
//! Documents are added in order to a single segment, so tantivy's number of a document is ours, and nothing is stored.
//!
//! A search goes through its terms one after another and adds up scores in an array with a place for each document.
//! With the twenty and more terms of a complaint that is several times faster than going through documents with all
//! terms at once, it takes a time that is known beforehand (the postings it reads), and a filter is exact at no cost.

use std::path::Path;
use std::sync::Arc;

use memchr::memmem::Finder;
use rustc_hash::FxHashMap;
use tantivy::directory::Directory;
use tantivy::postings::TermInfo;
use tantivy::schema::{Field, IndexRecordOption, Schema, TextFieldIndexing, TextOptions};
use tantivy::tokenizer::{TextAnalyzer, TokenizerManager};
use tantivy::{Index, IndexSettings, InvertedIndexReader, ReloadPolicy, SegmentReader, TantivyDocument};

use super::characters::Characters;
use super::query::Query;
use super::tokenizers::{BigramTokenizer, WordTokenizer};
use crate::text::{Segmenter, normalise};

/// The fields of [`TermIndex`], by their place there.
const WORDS: usize = 0;
const BIGRAMS: usize = 1;
/// Part of every content key: raised when the same content gives another index.
const FORMAT: u32 = 1;
/// Where the content key stands in the directory. Written last, so that half an index has none.
const KEY_FILE: &str = "content-key";
/// Where the writer keeps terms while it builds; it may grow beyond this.
const WRITER_BYTES: usize = 30_000_000;
/// The postings that a search reads at most: its time. The rarest terms go first, so what is left out tells the least.
/// On 12,600 cases of 83 characters (median), a vote of the ten nearest names the right department in 72.6 %; with
/// 50,000 postings in 73.4 %, with the ten rarest words and ten rarest pairs in 60.9 %.
const MOST_POSTINGS: u32 = 12_000;
/// As many terms are read whatever their postings.
const FEWEST_TERMS: usize = 4;
/// How soon more occurrences of a term in one document stop to count.
const K1: f32 = 1.2;
/// How much the length of a document counts.
const B: f32 = 0.75;

/// Why an index could not be built or opened.
#[derive(Debug)]
pub enum IndexError {
    /// The directory holds no index, or one of other content or an older format: build it again.
    OtherContent,
    /// The directory holds an index that is damaged, or it cannot be read or written.
    Failed(String),
}

impl std::fmt::Display for IndexError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            IndexError::OtherContent => f.write_str("no index of this content"),
            IndexError::Failed(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for IndexError {}

impl From<tantivy::TantivyError> for IndexError {
    fn from(error: tantivy::TantivyError) -> IndexError {
        IndexError::Failed(error.to_string())
    }
}

/// A part of a document and how many times it counts.
pub(super) type Part<'a> = (&'a str, usize);

/// The two fields.
struct Fields {
    schema: Schema,
    words: Field,
    bigrams: Field,
}

fn fields() -> Fields {
    let mut builder = Schema::builder();
    let mut field = |name: &str| {
        let indexing = TextFieldIndexing::default().set_tokenizer(name).set_index_option(IndexRecordOption::WithFreqs);
        builder.add_text_field(name, TextOptions::default().set_indexing_options(indexing))
    };
    let (words, bigrams) = (field("words"), field("bigrams"));
    Fields { schema: builder.build(), words, bigrams }
}

/// The terms of a field.
struct FieldTerms {
    reader: Arc<InvertedIndexReader>,
    /// Where the postings of each term are. A query asks for nearly two hundred terms, and tantivy's own dictionary,
    /// made to be small on disk, takes ten times as long for each.
    places: FxHashMap<Box<str>, Place>,
    /// For each document, the part of BM25 that depends on its length alone.
    norms: Vec<f32>,
}

/// Where a term's postings are.
#[derive(Clone, Copy)]
struct Place {
    frequency: u32,
    length: u32,
    start: u64,
}

/// A term that occurs in an index: in which field, where its postings are, and its weight.
struct Found<'q> {
    text: &'q str,
    field: usize,
    info: TermInfo,
    weight: f32,
}

/// A query as one index sees it.
pub(super) struct Asked<'q> {
    query: &'q Query,
    /// The weights of the query's words in this index, those that no document has included, each with what finds it.
    words: Vec<(f32, Finder<'q>)>,
    /// What a search goes through, rarest first.
    terms: Vec<Found<'q>>,
}

impl Asked<'_> {
    /// How much of what the query says a text says too: the weight of the query's words that occur in it, as a share of
    /// the weight of all of them; 0 to 1. The text is normalised, and words are looked for as characters, so the
    /// segmenter cannot lose one. A query without words is similar to nothing.
    ///
    /// `characters` are those of the parts: with them at hand most words need not be looked for.
    pub(super) fn similarity(&self, parts: &[&str], characters: &Characters) -> f32 {
        let has = |word: &Finder<'_>| parts.iter().any(|part| word.find(part.as_bytes()).is_some());
        let words = self.words.iter().zip(self.query.words());
        let found: f32 = words
            .filter(|((_, finder), word)| characters.may_have(word) && has(finder))
            .map(|((weight, _), _)| weight)
            .sum();
        let all: f32 = self.words.iter().map(|(weight, _)| weight).sum();
        // The sum of nothing is -0.0.
        if all > 0.0 { (found / all).max(0.0) } else { 0.0 }
    }
}

/// An index that is open for search.
pub(super) struct TermIndex {
    documents: u32,
    /// Words and pairs; none where there are no documents.
    fields: Vec<FieldTerms>,
}

impl std::fmt::Debug for TermIndex {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TermIndex").field("documents", &self.documents).finish_non_exhaustive()
    }
}

impl TermIndex {
    /// Indexes documents, each a list of parts, into an empty directory. Starts no thread.
    pub(super) fn build<'a>(
        directory: &dyn Directory,
        key: &str,
        segmenter: &Segmenter,
        documents: impl Iterator<Item = Vec<Part<'a>>>,
    ) -> Result<TermIndex, IndexError> {
        let Fields { schema, words, bigrams } = fields();
        let tokenizers = TokenizerManager::new();
        tokenizers.register("words", TextAnalyzer::from(WordTokenizer(segmenter.clone())));
        tokenizers.register("bigrams", TextAnalyzer::from(BigramTokenizer));
        let settings = IndexSettings { docstore_compress_dedicated_thread: false, ..IndexSettings::default() };
        let builder = Index::builder().schema(schema).settings(settings).tokenizers(tokenizers);
        let mut writer = builder.single_segment_index_writer(directory.box_clone(), WRITER_BYTES)?;
        for parts in documents {
            let mut document = TantivyDocument::new();
            for (text, times) in parts {
                let text = normalise(text);
                for _ in 0..times {
                    document.add_text(words, &text);
                    document.add_text(bigrams, &text);
                }
            }
            writer.add_document(document)?;
        }
        let index = writer.finalize()?;
        directory
            .atomic_write(Path::new(KEY_FILE), full_key(key).as_bytes())
            .map_err(|error| IndexError::Failed(error.to_string()))?;
        TermIndex::of(&index)
    }

    /// Opens the index that `build` wrote for the same key, after holding its files against their checksums.
    pub(super) fn open(directory: &dyn Directory, key: &str) -> Result<TermIndex, IndexError> {
        let found = directory.atomic_read(Path::new(KEY_FILE)).map_err(|_| IndexError::OtherContent)?;
        if found != full_key(key).as_bytes() {
            return Err(IndexError::OtherContent);
        }
        let index = Index::open(directory.box_clone())?;
        if index.schema() != fields().schema {
            return Err(IndexError::OtherContent);
        }
        let damaged = index.validate_checksum()?;
        if !damaged.is_empty() {
            return Err(IndexError::Failed(format!("damaged: {damaged:?}")));
        }
        TermIndex::of(&index)
    }

    fn of(index: &Index) -> Result<TermIndex, IndexError> {
        let Fields { words, bigrams, .. } = fields();
        let segments = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into()?.searcher();
        let segment = match segments.segment_readers() {
            [] => return Ok(TermIndex { documents: 0, fields: Vec::new() }),
            [segment] => segment,
            _ => return Err(IndexError::OtherContent),
        };
        let fields = [words, bigrams].map(|field| FieldTerms::of(segment, field));
        Ok(TermIndex { documents: segment.max_doc(), fields: fields.into_iter().collect::<tantivy::Result<_>>()? })
    }

    /// How many documents there are.
    pub(super) fn documents(&self) -> u32 {
        self.documents
    }

    /// What a term tells the documents apart: the inverse document frequency of BM25, natural logarithm. A term in no
    /// document has the greatest weight.
    fn weight(&self, frequency: u32) -> f32 {
        let (all, with) = (self.documents as f32, frequency as f32);
        (1.0 + (all - with + 0.5) / (with + 0.5)).ln()
    }

    /// Looks up a query's terms.
    pub(super) fn ask<'q>(&self, query: &'q Query) -> Asked<'q> {
        let mut asked = Asked { query, words: Vec::new(), terms: Vec::new() };
        for word in query.words() {
            let weight = self.look_up(WORDS, word, &mut asked.terms);
            asked.words.push((weight, Finder::new(word)));
        }
        for pair in query.bigrams() {
            self.look_up(BIGRAMS, pair, &mut asked.terms);
        }
        asked.terms.sort_unstable_by_key(|term| (term.info.doc_freq, term.field, term.text));
        let mut postings = 0;
        let read = asked.terms.iter().take_while(|term| {
            postings += term.info.doc_freq;
            postings <= MOST_POSTINGS
        });
        let read = read.count().max(FEWEST_TERMS);
        asked.terms.truncate(read);
        asked
    }

    /// Adds a term to those found, where it occurs; its weight in any case.
    fn look_up<'q>(&self, field: usize, text: &'q str, found: &mut Vec<Found<'q>>) -> f32 {
        let info = self.fields.get(field).and_then(|terms| terms.find(text));
        let weight = self.weight(info.as_ref().map_or(0, |info| info.doc_freq));
        found.extend(info.map(|info| Found { text, field, info, weight }));
        weight
    }

    /// The documents nearest to a query that `keep` lets pass, at most `limit`, best first; equal ones in order of
    /// their numbers.
    pub(super) fn search(&self, asked: &Asked<'_>, limit: usize, keep: impl Fn(u32) -> bool) -> Vec<(u32, f32)> {
        let limit = limit.min(self.documents as usize);
        if asked.terms.is_empty() || limit == 0 {
            return Vec::new();
        }
        let mut scores = vec![0.0; self.documents as usize];
        for term in &asked.terms {
            self.fields[term.field].add(term, &mut scores);
        }
        let mut best = Best { limit, least: 0.0, documents: Vec::new() };
        for (document, score) in (0..).zip(scores) {
            if score > best.least && keep(document) {
                best.add(document, score);
            }
        }
        best.finish()
    }
}

/// The best documents so far.
struct Best {
    limit: usize,
    /// What a later document must exceed: the worst of the best, which has the smaller number and so wins a tie.
    least: f32,
    documents: Vec<(u32, f32)>,
}

impl Best {
    fn add(&mut self, document: u32, score: f32) {
        self.documents.push((document, score));
        // Cut back only now and then: sorting at every step would cost more than it saves.
        if self.documents.len() >= self.limit * 2 + 16 {
            self.cut_back();
            self.least = self.documents.last().map_or(0.0, |(_, score)| *score);
        }
    }

    fn cut_back(&mut self) {
        self.documents.sort_unstable_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        self.documents.truncate(self.limit);
    }

    fn finish(mut self) -> Vec<(u32, f32)> {
        self.cut_back();
        self.documents
    }
}

impl FieldTerms {
    fn of(segment: &SegmentReader, field: Field) -> tantivy::Result<FieldTerms> {
        let reader = segment.inverted_index(field)?;
        let lengths = segment.get_fieldnorms_reader(field)?;
        let mean = reader.total_num_tokens() as f32 / segment.max_doc() as f32;
        let norm = |document| K1 * (1.0 - B + B * lengths.fieldnorm(document) as f32 / mean.max(1.0));
        let norms = (0..segment.max_doc()).map(norm).collect();
        let mut places = FxHashMap::default();
        let mut terms = reader.terms().stream()?;
        while terms.advance() {
            let Ok(term) = std::str::from_utf8(terms.key()) else { continue };
            let TermInfo { doc_freq: frequency, postings_range, .. } = terms.value();
            let (start, length) = (postings_range.start as u64, postings_range.len() as u32);
            places.insert(Box::from(term), Place { frequency: *frequency, length, start });
        }
        Ok(FieldTerms { reader, places, norms })
    }

    /// Looks up a term.
    fn find(&self, term: &str) -> Option<TermInfo> {
        let Place { frequency, length, start } = *self.places.get(term)?;
        let start = start as usize;
        // Positions are not indexed.
        Some(TermInfo { doc_freq: frequency, postings_range: start..start + length as usize, positions_range: 0..0 })
    }

    /// Adds a term's part to the score of each document that has it.
    fn add(&self, term: &Found<'_>, scores: &mut [f32]) {
        let postings = self.reader.read_block_postings_from_terminfo(&term.info, IndexRecordOption::WithFreqs);
        let Ok(mut postings) = postings else { return };
        let weight = term.weight * (K1 + 1.0);
        while postings.block_len() > 0 {
            for (&document, &times) in postings.docs().iter().zip(postings.freqs()) {
                // Files may have been changed since they were checked.
                let document = document as usize;
                if let (Some(score), Some(norm)) = (scores.get_mut(document), self.norms.get(document)) {
                    let times = times as f32;
                    *score += weight * times / (times + norm);
                }
            }
            postings.advance();
        }
    }
}

fn full_key(key: &str) -> String {
    format!("{FORMAT} {key}")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::text::Text;
    use proptest::prelude::*;
    use tantivy::directory::RamDirectory;

    fn build(documents: &[&str]) -> TermIndex {
        let parts = documents.iter().map(|text| vec![(*text, 1)]);
        TermIndex::build(&RamDirectory::create(), "", &Segmenter::new([]), parts).unwrap()
    }

    fn query(text: &str) -> Query {
        Query::from_text(&Text::new(None, text), &Segmenter::new([]))
    }

    fn search(index: &TermIndex, text: &str) -> Vec<(u32, f32)> {
        index.search(&index.ask(&query(text)), 10, |_| true)
    }

    /// BM25 as the books write it, over the words and pairs of the tokenizers.
    fn naive(documents: &[&str], query: &Query) -> Vec<f32> {
        use tantivy::tokenizer::{TokenStream, Tokenizer};
        fn counts(mut tokenizer: impl Tokenizer, text: &str) -> FxHashMap<String, f32> {
            let mut counts = FxHashMap::default();
            tokenizer.token_stream(text).process(&mut |token| *counts.entry(token.text.clone()).or_default() += 1.0);
            counts
        }
        let fields: [(Vec<_>, Vec<&str>); 2] = [
            (
                documents.iter().map(|text| counts(WordTokenizer(Segmenter::new([])), text)).collect(),
                query.words().collect(),
            ),
            (documents.iter().map(|text| counts(BigramTokenizer, text)).collect(), query.bigrams().collect()),
        ];
        let mut scores = vec![0.0; documents.len()];
        for (documents, terms) in &fields {
            let length = |document: &FxHashMap<String, f32>| document.values().sum::<f32>();
            let all = documents.len() as f32;
            let mean = (documents.iter().map(length).sum::<f32>() / all).max(1.0);
            for term in terms {
                let with = documents.iter().filter(|document| document.contains_key(*term)).count() as f32;
                let idf = (1.0 + (all - with + 0.5) / (with + 0.5)).ln();
                for (score, document) in scores.iter_mut().zip(documents) {
                    let times = document.get(*term).copied().unwrap_or(0.0);
                    *score += idf * times * (K1 + 1.0) / (times + K1 * (1.0 - B + B * length(document) / mean));
                }
            }
        }
        scores
    }

    #[test]
    fn the_nearest_comes_first_and_ties_go_to_the_smaller_number() {
        let index = build(&["路灯不亮", "小区水管爆裂漏水", "小区路灯不亮", "水管爆裂", "水管爆裂"]);
        let found: Vec<u32> = search(&index, "我家水管爆裂了").into_iter().map(|(document, _)| document).collect();
        assert_eq!(found, [3, 4, 1]);
        assert_eq!(index.search(&index.ask(&query("水管爆裂")), 1, |_| true).len(), 1);
        assert_eq!(index.search(&index.ask(&query("水管爆裂")), 1, |document| document == 1)[0].0, 1);
        assert_eq!(index.search(&index.ask(&query("水管爆裂")), usize::MAX, |_| true).len(), 3);
    }

    #[test]
    fn nothing_is_found_in_nothing_and_for_nothing() {
        for documents in [&[] as &[&str], &["", "，。！"], &["水管爆裂"]] {
            let index = build(documents);
            for text in ["", "13800001234", "，。", "😀", "的", "请问您好"] {
                assert!(search(&index, text).is_empty(), "{text}");
            }
            assert_eq!(index.documents(), documents.len() as u32);
        }
        assert!(search(&build(&[]), "水管爆裂").is_empty());
    }

    #[test]
    fn a_part_counts_as_often_as_it_says() {
        let segmenter = Segmenter::new([]);
        let documents = [vec![("停电", 1), ("路灯不亮", 1)], vec![("停电", 3), ("路灯不亮", 1)]];
        let index = TermIndex::build(&RamDirectory::create(), "", &segmenter, documents.into_iter()).unwrap();
        assert_eq!(search(&index, "停电")[0].0, 1);
    }

    #[test]
    fn similarity_is_the_share_of_what_is_said() {
        let index = build(&["水管爆裂", "路灯坏了", "路灯"]);
        let query = query("水管，路灯");
        let asked = index.ask(&query);
        let similarity = |parts: &[&str]| asked.similarity(parts, &Characters::of(parts));
        assert_eq!(similarity(&["水管坏了", "路灯也坏"]), 1.0);
        assert_eq!(similarity(&["停电"]), 0.0);
        // The rarer of the two words tells more.
        assert!(similarity(&["水管"]) > 0.5 && similarity(&["路灯"]) < 0.5);
        assert_eq!(index.ask(&Query::default()).similarity(&["水管"], &Characters::of(&["水管"])), 0.0);
    }

    #[test]
    fn an_index_of_other_content_is_refused() {
        let directory = RamDirectory::create();
        assert!(matches!(TermIndex::open(&directory, "a"), Err(IndexError::OtherContent)));
        let documents = [vec![("水管爆裂", 1)]].into_iter();
        TermIndex::build(&directory, "a", &Segmenter::new([]), documents).unwrap();
        assert!(matches!(TermIndex::open(&directory, "b"), Err(IndexError::OtherContent)));
        assert_eq!(search(&TermIndex::open(&directory, "a").unwrap(), "水管").len(), 1);
    }

    #[test]
    fn a_damaged_index_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let directory = tantivy::directory::MmapDirectory::open(folder.path()).unwrap();
        let documents = || [vec![("水管爆裂", 1)]].into_iter();
        TermIndex::build(&directory, "a", &Segmenter::new([]), documents()).unwrap();
        let files: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|file| file.unwrap().path()).collect();
        for path in files.iter().filter(|path| path.extension().is_some_and(|end| end == "idx" || end == "term")) {
            let good = std::fs::read(path).unwrap();
            let mut bad = good.clone();
            bad[0] ^= 0xFF;
            for bad in [bad, good[..good.len() / 2].to_vec(), Vec::new()] {
                std::fs::write(path, bad).unwrap();
                assert!(TermIndex::open(&directory, "a").is_err(), "{path:?}");
            }
            std::fs::write(path, good).unwrap();
        }
        assert!(TermIndex::open(&directory, "a").is_ok());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn scores_agree_with_the_books(
            documents in prop::collection::vec("([水管爆裂路灯不亮停电小区]{1,3}|水管|路灯|[a-c ]{1,2}){0,6}", 1..12),
            text in "([水管爆裂路灯不亮停电小区]{1,3}|水管|路灯){1,6}",
        ) {
            let documents: Vec<&str> = documents.iter().map(String::as_str).collect();
            let query = query(&text);
            let mut expected: Vec<(usize, f32)> =
                naive(&documents, &query).into_iter().enumerate().filter(|(_, score)| *score > 0.0).collect();
            expected.sort_by(|a, b| b.1.total_cmp(&a.1));
            let index = build(&documents);
            let found = index.search(&index.ask(&query), 100, |_| true);
            prop_assert_eq!(found.len(), expected.len());
            for ((document, score), (_, expected)) in found.iter().zip(&expected) {
                prop_assert!((score - expected).abs() < 1e-3, "{document}: {score} for {expected}");
            }
        }

        /// However the words are cut, what stands in a document is found by its characters.
        #[test]
        fn whatever_stands_in_a_document_is_found(
            text in "[\u{4E00}-\u{9FA5}]{2,12}",
            before in "[\u{4E00}-\u{9FA5}a-z，]{0,6}",
            after in "[\u{4E00}-\u{9FA5}0-9 。]{0,6}",
        ) {
            let index = build(&["路灯不亮", &format!("{before}{text}{after}")]);
            let bigrams = &index.fields[BIGRAMS];
            for pair in super::super::tokenizers::bigrams(&normalise(&text)) {
                prop_assert!(bigrams.find(&normalise(&text)[pair]).is_some());
            }
        }

        #[test]
        fn a_filter_is_exact(limit in 0_usize..8, modulus in 1_u32..7) {
            let documents: Vec<String> = (0..60).map(|n| format!("水管{}", "爆裂".repeat(n % 5))).collect();
            let index = build(&documents.iter().map(String::as_str).collect::<Vec<_>>());
            let query = query("水管爆裂");
            let asked = index.ask(&query);
            let keep = |document: u32| document.is_multiple_of(modulus);
            let mut expected = index.search(&asked, 60, |_| true);
            expected.retain(|(document, _)| keep(*document));
            expected.truncate(limit);
            prop_assert_eq!(index.search(&asked, limit, keep), expected);
        }
    }
}
