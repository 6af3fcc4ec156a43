/// An e-mail address as a condition compares it: what is before the `@` byte by byte, the domain without ASCII case.
package struct EmailAddress: Sendable, Hashable {
    private let local: [UInt8]
    /// In lower case.
    let domain: [UInt8]

    /// `nil` for what is not one plain address: nothing that could be read as two, or as a name with an address.
    package init?(_ text: String) {
        let bytes = Array(text.utf8)
        let parts = bytes.split(separator: UInt8(ascii: "@"), omittingEmptySubsequences: false)
        guard bytes.count <= 320, parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty,
            bytes.allSatisfy({ $0 > 0x20 && $0 != 0x7F && !"\"(),:;<>[\\]".utf8.contains($0) })
        else { return nil }
        self.local = Array(parts[0])
        self.domain = parts[1].map(\.lowercased)
    }
}

/// A domain of e-mail addresses.
package struct EmailDomain: Sendable, Hashable {
    /// In lower case, without `*`: with the dot in front when it stands for those below.
    private let bytes: [UInt8]

    /// `example.com`, or `*.example.com` for all below but not itself. `nil` for anything else.
    package init?(_ text: String) {
        let isBelow = text.utf8.starts(with: "*.".utf8)
        let name = isBelow ? Array(text.utf8.dropFirst(2)) : Array(text.utf8)
        let labels = name.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard name.count <= 253, !labels.contains(where: \.isEmpty),
            name.allSatisfy({ $0.isAlphanumeric || $0 >= 0x80 || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: ".") })
        else { return nil }
        self.bytes = (isBelow ? [UInt8(ascii: ".")] : []) + name.map(\.lowercased)
    }

    func covers(_ address: EmailAddress) -> Bool {
        guard self.bytes.first == UInt8(ascii: ".") else { return address.domain == self.bytes }
        return address.domain.count > self.bytes.count && address.domain.suffix(self.bytes.count) == self.bytes[...]
    }
}

extension EmailAddress: CustomStringConvertible {
    package var description: String {
        String(decoding: self.local + [UInt8(ascii: "@")] + self.domain, as: UTF8.self)
    }
}

extension EmailDomain: CustomStringConvertible {
    package var description: String {
        (self.bytes.first == UInt8(ascii: ".") ? "*" : "") + String(decoding: self.bytes, as: UTF8.self)
    }
}
