/// How a browser reaches us.
package enum Scheme: String, Sendable, Hashable {
    case http
    case https

    /// The port that is not written out.
    package var defaultPort: Int {
        switch self {
        case .http: 80
        case .https: 443
        }
    }

    /// Schemes are compared without case (RFC 3986, 3.1).
    init?(_ bytes: some Collection<UInt8>) {
        for scheme in [Scheme.http, .https]
        where bytes.elementsEqual(scheme.rawValue.utf8, by: { $0.lowercased == $1 }) {
            self = scheme
            return
        }
        return nil
    }
}
