/// The languages a browser wants, as `Accept-Language` lists them (RFC 9110 section 12.5.4).
package enum AcceptLanguage {
    /// More are nobody's wish.
    private static let most = 5

    /// Language tags for `ui_locales`, the best first. What is no tag, and what is not wanted (`q=0`), is left out.
    package static func tags(in field: String) -> [String] {
        guard field.utf8.count <= 1000 else { return [] }
        let wishes = field.utf8.split(separator: UInt8(ascii: ",")).enumerated().compactMap { place, part in
            Self.wish(Substring(part)).map { (tag: $0.tag, weight: $0.weight, place: place) }
        }
        let sorted = wishes.sorted { ($1.weight, $0.place) < ($0.weight, $1.place) }
        var tags: [String] = []
        for wish in sorted where !tags.contains(where: { $0.isExactly(wish.tag) }) { tags.append(wish.tag) }
        return Array(tags.prefix(Self.most))
    }

    /// A tag with its weight in thousandths.
    private static func wish(_ text: Substring) -> (tag: String, weight: Int)? {
        let parts = text.utf8.split(separator: UInt8(ascii: ";"), omittingEmptySubsequences: false)
            .map { part in
                let isSpace = { (byte: UInt8) in byte == 0x20 || byte == 0x09 }
                return Array(part.drop(while: isSpace).reversed().drop(while: isSpace).reversed())
            }
        let tag = String(decoding: parts[0], as: UTF8.self)
        guard parts.count <= 2, SignInParameters.isLanguageTag(tag) else { return nil }
        guard parts.count == 2 else { return (tag, 1000) }
        guard let weight = Self.weight(parts[1]), weight > 0 else { return nil }
        return (tag, weight)
    }

    /// `q=0.5` as 500 (RFC 9110 section 12.4.2).
    private static func weight(_ bytes: [UInt8]) -> Int? {
        guard bytes.count >= 3, bytes[0] | 0x20 == UInt8(ascii: "q"), bytes[1] == UInt8(ascii: "="),
            bytes[2] == 0x30 || bytes[2] == 0x31
        else { return nil }
        let digits = bytes.dropFirst(4)
        guard bytes.count == 3 || bytes[3] == UInt8(ascii: "."), digits.count <= 3, digits.allSatisfy(\.isASCIIDigit)
        else {
            return nil
        }
        var fraction = 0
        for index in 0..<3 { fraction = fraction * 10 + (index < digits.count ? Int(digits[4 + index] - 0x30) : 0) }
        let weight = Int(bytes[2] - 0x30) * 1000 + fraction
        return weight <= 1000 ? weight : nil
    }
}
