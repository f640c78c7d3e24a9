#pragma once
#include <curl/curl.h>

// libcurl is loaded by the first request (CurlLibrary.swift), so its functions are pointers here. curl_easy_setopt and
// curl_easy_getinfo are variadic, which Swift cannot call: one typed door for each kind of argument.
typedef CURLcode (*omni_curl_setopt)(CURL *handle, CURLoption option, ...);
typedef CURLcode (*omni_curl_getinfo)(CURL *handle, CURLINFO info, ...);

static inline CURLcode omni_curl_set_long(omni_curl_setopt set, CURL *handle, CURLoption option, long value) {
    return set(handle, option, value);
}
static inline CURLcode omni_curl_set_pointer(omni_curl_setopt set, CURL *handle, CURLoption option, const void *value) {
    return set(handle, option, value);
}
static inline CURLcode omni_curl_set_write(
    omni_curl_setopt set, CURL *handle, CURLoption option, curl_write_callback callback) {
    return set(handle, option, callback);
}
static inline CURLcode omni_curl_get_long(omni_curl_getinfo get, CURL *handle, CURLINFO info, long *value) {
    return get(handle, info, value);
}
static inline CURLcode omni_curl_set_read(
    omni_curl_setopt set, CURL *handle, CURLoption option, curl_read_callback callback) {
    return set(handle, option, callback);
}
static inline CURLcode omni_curl_set_seek(
    omni_curl_setopt set, CURL *handle, CURLoption option, curl_seek_callback callback) {
    return set(handle, option, callback);
}
static inline CURLcode omni_curl_set_offset(
    omni_curl_setopt set, CURL *handle, CURLoption option, curl_off_t value) {
    return set(handle, option, value);
}
