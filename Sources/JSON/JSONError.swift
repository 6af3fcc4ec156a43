/// Why bytes are not the JSON we accept. Each case carries the offset of the byte where it was noticed, never the byte.
package enum JSONError: Error, Sendable, Equatable {
    /// The text ends in the middle of a value, or is empty.
    case unexpectedEnd(offset: Int)
    /// A byte that cannot stand here.
    case unexpectedByte(offset: Int)
    /// Something follows the value.
    case trailingBytes(offset: Int)
    /// A string that is not UTF-8 (RFC 8259 section 8.1).
    case invalidUTF8(offset: Int)
    /// An unescaped control character in a string (section 7).
    case controlCharacter(offset: Int)
    /// An escape that section 7 does not know.
    case invalidEscape(offset: Int)
    /// `\uD800` to `\uDFFF` without its other half (section 8.2).
    case loneSurrogate(offset: Int)
    /// A number that section 6 does not allow, such as `01` or `1.`.
    case invalidNumber(offset: Int)
    /// An object with two members of one name; whoever reads it next might take the other one.
    case duplicateName(offset: Int)
    /// Arrays and objects nested deeper than the caller allows.
    case tooDeep(offset: Int)
}

extension JSONError: CustomStringConvertible {
    /// The rule and the offset; nothing of the text.
    package var description: String {
        switch self {
        case .unexpectedEnd(let offset): "JSON ends too early at offset \(offset)"
        case .unexpectedByte(let offset): "JSON has an unexpected byte at offset \(offset)"
        case .trailingBytes(let offset): "JSON is followed by other bytes at offset \(offset)"
        case .invalidUTF8(let offset): "JSON string is not UTF-8 at offset \(offset)"
        case .controlCharacter(let offset): "JSON string holds a control character at offset \(offset)"
        case .invalidEscape(let offset): "JSON string has an unknown escape at offset \(offset)"
        case .loneSurrogate(let offset): "JSON string has half a surrogate pair at offset \(offset)"
        case .invalidNumber(let offset): "JSON number is malformed at offset \(offset)"
        case .duplicateName(let offset): "JSON object repeats a member name at offset \(offset)"
        case .tooDeep(let offset): "JSON is nested too deep at offset \(offset)"
        }
    }
}
