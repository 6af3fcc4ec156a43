private import COpenSSL

/// Why a cryptographic operation was refused. The cases tell an operator which rule was broken and an attacker nothing:
/// a box that does not open is one case, whatever was wrong with it.
package enum CryptographyError: Error, Sendable, Equatable {
    /// A sealing key is not 32 bytes long.
    case keyLength(found: Int)
    /// The text of a sealing key is not base64url.
    case keyText
    /// A key ring without keys.
    case noKeys
    /// A key ring with the same key twice.
    case duplicateKey
    /// Something too long to be sealed.
    case tooLong
    /// A box that these keys, this purpose, this secret and this context do not open.
    case boxRefused
    /// Numbers that are no public key we accept.
    case publicKeyRefused
    /// A signing key of a size we do not make.
    case keySize
    /// An algorithm that a key of this type and curve cannot use.
    case algorithmRefused
    /// OpenSSL failed where it should not; `code` is the last entry of its error queue.
    case library(operation: String, code: UInt)

    /// What OpenSSL last refused on this thread, with its queue drained so that the next caller finds it empty.
    static func fromLibrary(_ operation: String) -> CryptographyError {
        let code = ERR_peek_last_error()
        ERR_clear_error()
        return .library(operation: operation, code: code)
    }
}

extension CryptographyError: CustomStringConvertible {
    /// The rule that was broken; safe to show.
    package var description: String {
        switch self {
        case .keyLength: "a sealing key has 32 bytes"
        case .keyText: "a sealing key is written in base64url"
        case .noKeys: "a key ring needs a key"
        case .duplicateKey: "a key ring holds a key once"
        case .tooLong: "too long to be sealed"
        case .boxRefused: "sealed value refused"
        case .publicKeyRefused: "public key refused"
        case .keySize: "signing key size refused"
        case .algorithmRefused: "the algorithm does not fit the key"
        case .library(_, let code): "cryptographic library failure \(String(code, radix: 16))"
        }
    }
}

extension CryptographyError: CustomDebugStringConvertible {
    /// The rule, and what was found or where OpenSSL failed; for the log.
    package var debugDescription: String {
        switch self {
        case .keyLength(let found): "\(description), found \(found)"
        case .library(let operation, _): "\(description) in \(operation)"
        case .keyText, .noKeys, .duplicateKey, .tooLong, .boxRefused, .publicKeyRefused, .keySize, .algorithmRefused:
            description
        }
    }
}
