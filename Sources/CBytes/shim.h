#pragma once
#include <stdint.h>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

// Swift has vectors, but not the instruction that makes one word of a comparison's results. Each function looks at sixteen
// bytes and sets bit i for byte i.

// Bytes that end the plain part of a JSON string: a quote, a backslash, what is below 0x20 or beyond ASCII.
static inline uint32_t omni_string_marks(const uint8_t *at) {
#if defined(__SSE2__)
    __m128i chunk = _mm_loadu_si128((const __m128i *)at);
    __m128i quote = _mm_cmpeq_epi8(chunk, _mm_set1_epi8('"'));
    __m128i slash = _mm_cmpeq_epi8(chunk, _mm_set1_epi8('\\'));
    // As signed bytes those beyond ASCII are below zero.
    __m128i other = _mm_cmplt_epi8(chunk, _mm_set1_epi8(0x20));
    return (uint32_t)_mm_movemask_epi8(_mm_or_si128(_mm_or_si128(quote, slash), other));
#else
    uint32_t marks = 0;
    for (int place = 0; place < 16; place++) {
        uint8_t byte = at[place];
        marks |= (uint32_t)(byte == '"' || byte == '\\' || byte < 0x20 || byte >= 0x80) << place;
    }
    return marks;
#endif
}

// Bytes that are no decimal digits.
static inline uint32_t omni_no_digits(const uint8_t *at) {
#if defined(__SSE2__)
    __m128i chunk = _mm_loadu_si128((const __m128i *)at);
    // The digits become the ten lowest signed bytes.
    __m128i moved = _mm_add_epi8(chunk, _mm_set1_epi8((char)(0x80 - '0')));
    return (uint32_t)_mm_movemask_epi8(_mm_cmpgt_epi8(moved, _mm_set1_epi8((char)(0x80 + 9))));
#else
    uint32_t marks = 0;
    for (int place = 0; place < 16; place++) marks |= (uint32_t)((uint8_t)(at[place] - '0') > 9) << place;
    return marks;
#endif
}

// Bytes that are outside of `first...last`.
static inline uint32_t omni_outside(const uint8_t *at, uint8_t first, uint8_t last) {
#if defined(__SSE2__)
    __m128i moved = _mm_sub_epi8(_mm_loadu_si128((const __m128i *)at), _mm_set1_epi8((char)first));
    __m128i within = _mm_cmpeq_epi8(_mm_min_epu8(moved, _mm_set1_epi8((char)(last - first))), moved);
    return (uint32_t)_mm_movemask_epi8(within) ^ 0xFFFF;
#else
    uint32_t marks = 0;
    for (int place = 0; place < 16; place++) marks |= (uint32_t)(at[place] < first || at[place] > last) << place;
    return marks;
#endif
}
