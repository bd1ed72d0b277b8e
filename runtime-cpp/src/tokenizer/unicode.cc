#include "tokenizer/unicode.h"

#include <algorithm>
#include <vector>

#include "utf8.h"

namespace rwkv {
namespace {

struct CodeRange {
  uint32_t first, last;
};
/// Marks by the rank of their combining class.
struct CombiningRange {
  uint32_t first, last;
  uint8_t rank;
};
/// One step; `second` is 0 when one character stands for another. Sorted by code.
struct Decomposition {
  uint32_t code, first, second;
  uint8_t composes;
};
/// Every `step`-th code of the range has a small letter, `difference` away.
struct LowercaseRange {
  uint32_t first, last;
  uint8_t step;
  int32_t difference;
};

#include "tokenizer/unicode_tables.inc"

/// The range of a sorted table that holds `code`, or null.
template <typename Range, size_t size>
const Range* range_of(const Range (&table)[size], uint32_t code) {
  const Range* const after =
      std::upper_bound(table, table + size, code,
                       [](uint32_t wanted, const Range& range) { return wanted < range.first; });
  return after != table && code <= (after - 1)->last ? after - 1 : nullptr;
}

bool is_space(uint32_t code) {
  return (code >= 0x09 && code <= 0x0D) || code == 0x20 || code == 0x85 || code == 0xA0 ||
         code == 0x1680 || (code >= 0x2000 && code <= 0x200A) || code == 0x2028 || code == 0x2029 ||
         code == 0x202F || code == 0x205F || code == 0x3000;
}

// Hangul syllables are composed by rule: Unicode standard, section 3.12.
constexpr uint32_t kSyllable = 0xAC00, kLead = 0x1100, kVowel = 0x1161, kTail = 0x11A7;
constexpr uint32_t kLeads = 19, kVowels = 21, kTails = 28, kSyllables = kLeads * kVowels * kTails;

using Codes = std::vector<uint32_t>;

void decompose(uint32_t code, Codes& out) {
  if (code - kSyllable < kSyllables) {
    const uint32_t index = code - kSyllable;
    out.push_back(kLead + index / (kVowels * kTails));
    out.push_back(kVowel + index % (kVowels * kTails) / kTails);
    if (index % kTails != 0) out.push_back(kTail + index % kTails);
    return;
  }
  const auto* const found = std::lower_bound(
      std::begin(kDecompositions), std::end(kDecompositions), code,
      [](const Decomposition& entry, uint32_t wanted) { return entry.code < wanted; });
  if (found == std::end(kDecompositions) || found->code != code) {
    out.push_back(code);
    return;
  }
  decompose(found->first, out);
  if (found->second != 0) out.push_back(found->second);
}

/// The pairs that compose, sorted: made from the decompositions once.
const std::vector<Decomposition>& compositions() {
  static const auto* const table = [] {
    auto* const pairs = new std::vector<Decomposition>;
    for (const Decomposition& entry : kDecompositions) {
      if (entry.composes != 0) pairs->push_back(entry);
    }
    std::sort(pairs->begin(), pairs->end(), [](const Decomposition& a, const Decomposition& b) {
      return a.first != b.first ? a.first < b.first : a.second < b.second;
    });
    return pairs;
  }();
  return *table;
}

/// The character that the two make, or 0.
uint32_t compose(uint32_t first, uint32_t second) {
  if (first - kLead < kLeads && second - kVowel < kVowels) {
    return kSyllable + ((first - kLead) * kVowels + (second - kVowel)) * kTails;
  }
  if (first - kSyllable < kSyllables && (first - kSyllable) % kTails == 0 && second > kTail &&
      second < kTail + kTails) {
    return first + (second - kTail);
  }
  const std::vector<Decomposition>& pairs = compositions();
  const auto found =
      std::lower_bound(pairs.begin(), pairs.end(), std::pair(first, second),
                       [](const Decomposition& entry, const std::pair<uint32_t, uint32_t>& wanted) {
                         return std::pair(entry.first, entry.second) < wanted;
                       });
  const bool fits = found != pairs.end() && found->first == first && found->second == second;
  return fits ? found->code : 0;
}

uint8_t combining_rank(uint32_t code) {
  const CombiningRange* const range = range_of(kCombining, code);
  return range != nullptr ? range->rank : 0;
}

/// Marks into the order of their ranks, within each run of marks.
void reorder(Codes& codes) {
  for (size_t begin = 0; begin < codes.size();) {
    if (combining_rank(codes[begin]) == 0) {
      ++begin;
      continue;
    }
    size_t end = begin;
    while (end < codes.size() && combining_rank(codes[end]) != 0) ++end;
    const auto at = [&codes](size_t i) { return codes.begin() + static_cast<ptrdiff_t>(i); };
    std::stable_sort(at(begin), at(end),
                     [](uint32_t a, uint32_t b) { return combining_rank(a) < combining_rank(b); });
    begin = end;
  }
}

/// Joins characters with the starter before them, where no mark of the same or a higher rank stands
/// between.
void recompose(Codes& codes) {
  constexpr size_t kNone = SIZE_MAX;
  size_t starter = kNone, kept = 0;
  uint8_t before = 0;
  for (size_t i = 0; i < codes.size(); ++i) {
    const uint32_t code = codes[i];
    const uint8_t rank = combining_rank(code);
    const bool adjacent = starter + 1 == kept;
    if (starter != kNone && (adjacent || before < rank)) {
      const uint32_t joined = compose(codes[starter], code);
      if (joined != 0) {
        codes[starter] = joined;
        continue;
      }
    }
    if (rank == 0) starter = kept;
    before = rank;
    codes[kept++] = code;
  }
  codes.resize(kept);
}

void append_normalized(Codes& codes, std::string& out) {
  reorder(codes);
  recompose(codes);
  for (const uint32_t code : codes) append_utf8(out, code);
  codes.clear();
}

}  // namespace

CharacterClass character_class(uint32_t code) {
  if (is_space(code)) return CharacterClass::kSpace;
  if (range_of(kLetters, code) != nullptr) return CharacterClass::kLetter;
  if (range_of(kNumbers, code) != nullptr) return CharacterClass::kNumber;
  return CharacterClass::kOther;
}

std::string to_nfc(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  Codes codes;
  while (!text.empty()) {
    const Utf8Step step = utf8_step(text);
    if (step.kind != Utf8Step::Kind::kValid) {
      append_normalized(codes, out);
      out.append(text.substr(0, step.length));
    } else if (step.length == 1) {
      // No normalization reaches across an ASCII character to what stands before it.
      append_normalized(codes, out);
      codes.push_back(static_cast<unsigned char>(text[0]));
    } else {
      decompose(utf8_code(text.substr(0, step.length)), codes);
    }
    text.remove_prefix(step.length);
  }
  append_normalized(codes, out);
  return out;
}

std::string to_lowercase(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const Utf8Step step = utf8_step(text);
    const std::string_view sequence = text.substr(0, step.length);
    const bool valid = step.kind == Utf8Step::Kind::kValid;
    const uint32_t code = valid ? utf8_code(sequence) : 0;
    const LowercaseRange* const range = range_of(kLowercase, code);
    if (code == 0x130) {
      out += "i\xCC\x87";  // the one letter that becomes two
    } else if (range != nullptr && (code - range->first) % range->step == 0) {
      append_utf8(out, static_cast<uint32_t>(static_cast<int64_t>(code) + range->difference));
    } else {
      out.append(sequence);
    }
    text.remove_prefix(step.length);
  }
  return out;
}

}  // namespace rwkv
