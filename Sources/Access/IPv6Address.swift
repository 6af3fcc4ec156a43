/// An IPv6 address between brackets (RFC 3986, 3.2.2), without zone.
struct IPv6Address: Equatable {
    let groups: [UInt16]

    /// From its eight groups.
    init(groups: [UInt16]) {
        self.groups = groups
    }

    /// `nil` for anything that RFC 4291, 2.2 does not allow.
    init?(_ bytes: Span<UInt8>, from start: Int, to end: Int) {
        var groups: [UInt16] = []
        var gap: Int?
        var index = start
        if end - start >= 2, bytes[start] == UInt8(ascii: ":") {
            guard bytes[start + 1] == UInt8(ascii: ":") else { return nil }
            gap = 0
            index += 2
        }
        while index < end {
            guard groups.count < 8 else { return nil }
            if groups.count <= 6, let tail = Self.ipv4(bytes, from: index, to: end) {
                groups += tail
                break
            }
            var value: UInt16 = 0
            let digitsStart = index
            while index < end, let digit = bytes[index].hexadecimalValue {
                guard index - digitsStart < 4 else { return nil }
                value = value << 4 | UInt16(digit)
                index += 1
            }
            guard index > digitsStart else { return nil }
            groups.append(value)
            guard index < end else { break }
            guard bytes[index] == UInt8(ascii: ":"), index + 1 < end else { return nil }
            index += 1
            if bytes[index] == UInt8(ascii: ":") {
                guard gap == nil else { return nil }
                gap = groups.count
                index += 1
            }
        }
        if let gap {
            guard groups.count <= 7 else { return nil }
            groups.insert(contentsOf: repeatElement(0, count: 8 - groups.count), at: gap)
        }
        guard groups.count == 8 else { return nil }
        self.groups = groups
    }

    /// Dotted decimal at the end, as two groups.
    private static func ipv4(_ bytes: Span<UInt8>, from start: Int, to end: Int) -> [UInt16]? {
        var parts: [UInt16] = []
        var value: UInt16?
        for index in start...end {
            if index == end || bytes[index] == UInt8(ascii: ".") {
                guard let part = value, parts.count < 4 else { return nil }
                parts.append(part)
                value = nil
            } else {
                guard bytes[index].isDigit, value != 0 else { return nil }
                let next = (value ?? 0) * 10 + UInt16(bytes[index] &- 0x30)
                guard next <= 255 else { return nil }
                value = next
            }
        }
        return parts.count == 4 ? [parts[0] << 8 | parts[1], parts[2] << 8 | parts[3]] : nil
    }

    /// As RFC 5952, 4 asks: lower case, no leading zeros, the first longest run of zeros left out.
    var text: String {
        var longest = 0..<0
        var run = 0..<0
        for (index, group) in self.groups.enumerated() {
            run = group == 0 ? (run.upperBound == index && !run.isEmpty ? run.lowerBound : index)..<index + 1 : 0..<0
            if run.count > longest.count { longest = run }
        }
        func joined(_ groups: ArraySlice<UInt16>) -> String {
            groups.map { String($0, radix: 16) }.joined(separator: ":")
        }
        guard longest.count >= 2 else { return joined(self.groups[...]) }
        return joined(self.groups[..<longest.lowerBound]) + "::" + joined(self.groups[longest.upperBound...])
    }
}
