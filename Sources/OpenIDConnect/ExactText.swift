/// Text judged by its bytes.
///
/// Swift compares strings by canonical equivalence: two different byte strings can be "equal". An issuer, a key id or a
/// nonce must be the same bytes or nothing.
extension String {
    /// Whether both are the same bytes.
    func isExactly(_ other: String) -> Bool {
        utf8.elementsEqual(other.utf8)
    }

    /// Whether there is a C0 control character or DEL in it, or one of the C1 controls U+0080 to U+009F.
    var hasControls: Bool {
        unicodeScalars.contains { $0.properties.generalCategory == .control }
    }

    /// Whether it is not empty and each byte is printable ASCII other than the space: 0x21 to 0x7E.
    var isVisibleASCII: Bool {
        !utf8.isEmpty && utf8.allSatisfy { (0x21...0x7E).contains($0) }
    }

    /// For a page or a log: at most `limit` scalars, without those that do not print or that change how the line around
    /// them reads (controls, line separators, direction marks).
    func cleaned(limit: Int) -> String {
        var scalars = String.UnicodeScalarView()
        for scalar in unicodeScalars.prefix(limit) {
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator: continue
            default: scalars.append(scalar)
            }
        }
        return String(scalars)
    }
}

extension UInt8 {
    /// `0`-`9`, `A`-`Z`, `a`-`z`.
    var isASCIIAlphanumeric: Bool {
        isASCIIDigit || isASCIILetter
    }

    /// `A`-`Z`, `a`-`z`.
    var isASCIILetter: Bool {
        (0x41...0x5A).contains(self) || (0x61...0x7A).contains(self)
    }

    /// `0`-`9`.
    var isASCIIDigit: Bool {
        (0x30...0x39).contains(self)
    }

    /// The value of a hexadecimal digit in either case.
    var hexadecimalValue: UInt8? {
        switch self {
        case 0x30...0x39: self - 0x30
        case 0x41...0x46: self - 0x41 + 10
        case 0x61...0x66: self - 0x61 + 10
        default: nil
        }
    }
}
