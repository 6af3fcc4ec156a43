#include <curl/curl.h>

// Swift cannot call a variadic C function. Each shim here is one of libcurl's variadic calls with one type of argument;
// which option takes which type is in the option's manual page.

/// `curl_easy_setopt` for the options that take a number.
static inline CURLcode gatehouse_easy_set_number(CURL *easy, CURLoption option, long value) {
    return curl_easy_setopt(easy, option, value);
}

/// `curl_easy_setopt` for the options that take a 64-bit size.
static inline CURLcode gatehouse_easy_set_size(CURL *easy, CURLoption option, curl_off_t value) {
    return curl_easy_setopt(easy, option, value);
}

/// `curl_easy_setopt` for the options that take a string, which libcurl copies; null takes the default away.
static inline CURLcode gatehouse_easy_set_text(CURL *easy, CURLoption option, const char *value) {
    return curl_easy_setopt(easy, option, value);
}

/// `curl_easy_setopt` for the options that take a pointer, which must stay good as long as the handle uses it.
static inline CURLcode gatehouse_easy_set_pointer(CURL *easy, CURLoption option, const void *value) {
    return curl_easy_setopt(easy, option, value);
}

/// `curl_easy_setopt` for `CURLOPT_CURLU`, the parsed URL, which stays ours and must outlive the transfer.
static inline CURLcode gatehouse_easy_set_url(CURL *easy, CURLU *url) {
    return curl_easy_setopt(easy, CURLOPT_CURLU, url);
}

/// `curl_easy_setopt` for the options that take a list of strings, which stays ours and must outlive the transfer.
static inline CURLcode gatehouse_easy_set_list(CURL *easy, CURLoption option, struct curl_slist *list) {
    return curl_easy_setopt(easy, option, list);
}

/// `curl_easy_setopt` for the options that take a function which receives bytes.
static inline CURLcode gatehouse_easy_set_receiver(CURL *easy, CURLoption option, curl_write_callback receiver) {
    return curl_easy_setopt(easy, option, receiver);
}

/// Limits the handle to one scheme, "http" or "https", by names since 7.85 and by bits before.
static inline CURLcode gatehouse_easy_allow_only(CURL *easy, int https) {
#if LIBCURL_VERSION_NUM >= 0x075500
    return curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, https ? "https" : "http");
#else
    return curl_easy_setopt(easy, CURLOPT_PROTOCOLS, https ? (long)CURLPROTO_HTTPS : (long)CURLPROTO_HTTP);
#endif
}

/// Ends a transfer without waiting for a name lookup that still runs in libcurl's resolver thread. Since 7.87; before
/// that, one hanging DNS server could hold up all transfers at the end of the first.
static inline CURLcode gatehouse_easy_leave_lookups(CURL *easy) {
#if LIBCURL_VERSION_NUM >= 0x075700
    return curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
#else
    (void)easy;
    return CURLE_OK;
#endif
}

/// `curl_easy_getinfo` for the facts that are numbers.
static inline CURLcode gatehouse_easy_get_number(CURL *easy, CURLINFO info, long *value) {
    return curl_easy_getinfo(easy, info, value);
}

/// `curl_easy_getinfo` for `CURLINFO_PRIVATE`, which is declared as `char *` but is whatever `CURLOPT_PRIVATE` was.
static inline CURLcode gatehouse_easy_get_private(CURL *easy, void **value) {
    return curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)value);
}

/// `curl_multi_setopt` for the options that take a number.
static inline CURLMcode gatehouse_multi_set_number(CURLM *multi, CURLMoption option, long value) {
    return curl_multi_setopt(multi, option, value);
}

/// `curl_share_setopt` for `CURLSHOPT_SHARE`: says what the handles that use the share have in common.
static inline CURLSHcode gatehouse_share_add(CURLSH *share, curl_lock_data what) {
    return curl_share_setopt(share, CURLSHOPT_SHARE, what);
}

/// The file of trusted authorities libcurl was built with, or null; `CURLVERSION_NOW` is a macro Swift does not see.
static inline const char *gatehouse_authorities_file(void) {
    curl_version_info_data *version = curl_version_info(CURLVERSION_NOW);
    return version->age >= CURLVERSION_SEVENTH ? version->cainfo : NULL;
}
