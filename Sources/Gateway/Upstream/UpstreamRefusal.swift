/// An upstream has said that it has not looked at a request, and will not: whoever made it may make it again elsewhere
/// (RFC 9113, 8.7).
struct UpstreamRefusal: Error, CustomStringConvertible {
    var description: String { "the upstream has refused the stream unseen" }
}
