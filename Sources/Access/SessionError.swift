package import Cryptography

/// Why a session cannot be stored or read.
package enum SessionError: Error, Sendable {
    /// A record that another version of the program wrote.
    case unknownVersion
    /// A record that is not one.
    case malformed
    /// A good record, but of a session on another host: here its ticket is worth nothing.
    case anotherHost
    /// It could not be sealed, or the box was sealed for another key or ticket.
    case sealing(CryptographyError)
}

extension SessionError: CustomStringConvertible {
    /// The rule; safe to show and to log.
    package var description: String {
        switch self {
        case .unknownVersion: "a session record of an unknown version"
        case .malformed: "a malformed session record"
        case .anotherHost: "a session of another host"
        case .sealing: "a session record that cannot be sealed or opened"
        }
    }
}
