import Access
import TestSupport
import Testing

struct CookieHeaderTests {
    private static func values(_ header: String, name: String = "t") -> [String] {
        CookieHeader.values(named: Array(name.utf8), in: header).map { String(Substring($0)) }
    }

    private static func removing(_ header: String) -> String? {
        CookieHeader.removing(ours: { $0.elementsEqual("t".utf8) || $0.starts(with: "t_tx_".utf8) }, from: header)
    }

    @Test(arguments: [
        ("t=1", ["1"]), ("a=b; t=1; c=d", ["1"]), ("t=1; t=2; t=1", ["1", "2", "1"]), ("a=t=1", []),
        ("t=1=2", ["1=2"]), ("t==", ["="]), ("t=", [""]), ("", []),
        ("t", []), (";;t=1;;", ["1"]), ("a=b;t=1", ["1"]), ("a=b;   t=1  ", ["1"]), ("\tt\t=\t1\t;", ["1"]),
        ("t =1", ["1"]), ("t= 1", ["1"]),
        ("T=1", []), ("tt=1", []), ("t\u{301}=1", []), ("\u{301}t=1", []), ("t=\"1\"", ["\"1\""]),
        ("t=\"a;t=b\"", ["\"a", "b\""]), ("a=\"x; t=1; y=\"z", ["1"]),
        ("t=1, t=2", ["1, t=2"]), ("=t=1", []), ("%74=1", []), ("t=%31", ["%31"]),
        ("$Version=1; t=1; $Path=/", ["1"]), ("t=é", ["é"]), (" ; = ; t=1", ["1"]),
        ("t\0=1", []), ("t=1\u{A0}", ["1\u{A0}"]), ("\u{A0}t=1", []), ("t:1", []), ("t=a b", ["a b"]), ("t;=1", []),
        ("a;t=1", ["1"]),
    ])
    func `all values of a name are found, byte by byte`(_ header: String, _ values: [String]) {
        #expect(Self.values(header).map { Array($0.utf8) } == values.map { Array($0.utf8) })
    }

    @Test func `names are found by their beginning`() {
        let header = "t_tx_1=a; t=b; t_tx_2=c; T_TX_3=d; at_tx_4=e; t_tx_5; t_tx_=f"
        #expect(CookieHeader.names(withPrefix: Array("t_tx_".utf8), in: header) == ["t_tx_1", "t_tx_2", "t_tx_"])
        #expect(CookieHeader.names(withPrefix: Array("x".utf8), in: header).isEmpty)
    }

    @Test(arguments: ["", "a=b", "a=b; c=d", ";;", "a=b;;c", " a = b ", "\"", "tt=1", "T=1", "a=t", "a=\"t\"", "=t"])
    func `without a cookie of ours the field is the same string`(_ header: String) {
        #expect(Self.removing(header).map { Array($0.utf8) } == Array(header.utf8))
    }

    @Test(arguments: [
        ("t=1", String?.none), ("t=1; t=2", nil), (" t = 1 ;", nil), ("t", nil), ("t;", nil),
        ("t_tx_1=a; t=2; t_tx_2=", nil), (";t=1;", nil),
        ("a=b; t=1", "a=b"), ("t=1; a=b", "a=b"), ("a=b; t=1; c=d", "a=b; c=d"), ("a=b;t=1;c=d", "a=b; c=d"),
        ("a=b; t; c", "a=b; c"),
        ("a=\"x; t=1; y\"; c=d", "a=\"x; y\"; c=d"), ("a=1; t_tx_00ff=x; a=2", "a=1; a=2"), ("x; t=1", "x"),
        ("=b; t=1", "=b"), ("a=b  ;  t=1", "a=b"),
        ("a=b=c; t=1=2", "a=b=c"), ("a=é; t=1", "a=é"),
    ])
    func `our cookies are removed and nobody else's`(_ header: String, _ rest: String?) {
        #expect(Self.removing(header).map { Array($0.utf8) } == rest.map { Array($0.utf8) })
    }

    @Test func `whatever a browser sends none of our cookies is left and none of the others is lost`() {
        let seeds = ["a=b; t=1; c=\"d\"", "t=1; t_tx_0a=2; x", "  a = b;t=;; =t; c"].map { Array($0.utf8) }
        let words = ["; ", "t=", ";t=2", "=", "\"", ",", "t_tx_", " t ", "\t", "$Path", "\u{301}"].map {
            Array($0.utf8)
        }
        var generator = SeededGenerator(seed: 8)
        for round in 0..<4000 {
            let header = String(decoding: generator.mutated(seeds[round % seeds.count], words: words), as: UTF8.self)
            let pairs = NaiveReader.pairs(header)
            let rest = Self.removing(header)
            let wanted = pairs.filter { !NaiveReader.isOurs($0.name) && !$0.text.isEmpty }
            let kept = rest.map(NaiveReader.pairs)?.filter { !$0.text.isEmpty } ?? []
            #expect(kept.map(\.text) == wanted.map(\.text), "\(header)")
            #expect((rest == nil) == (wanted.isEmpty && pairs.contains { NaiveReader.isOurs($0.name) }))
            let values = CookieHeader.values(named: Array("t".utf8), in: header).map(Array.init)
            #expect(values == pairs.filter { $0.hasValue && $0.name == Array("t".utf8) }.map(\.value))
        }
    }
}

/// The same rules with arrays and no thrift.
private enum NaiveReader {
    struct Pair {
        let text: [UInt8]
        let name: [UInt8]
        let value: [UInt8]
        let hasValue: Bool
    }

    static func pairs(_ header: String) -> [Pair] {
        Array(header.utf8).split(separator: 0x3B, omittingEmptySubsequences: false).map { part in
            let text = Self.trimmed(Array(part))
            let halves = text.split(separator: 0x3D, maxSplits: 1, omittingEmptySubsequences: false).map {
                Self.trimmed(Array($0))
            }
            return Pair(
                text: text,
                name: halves[0],
                value: halves.count > 1 ? halves[1] : text,
                hasValue: halves.count > 1
            )
        }
    }

    static func isOurs(_ name: [UInt8]) -> Bool {
        name == Array("t".utf8) || name.starts(with: "t_tx_".utf8)
    }

    private static func trimmed(_ bytes: [UInt8]) -> [UInt8] {
        let start = bytes.firstIndex { $0 != 0x20 && $0 != 0x09 } ?? bytes.count
        let end = bytes.lastIndex { $0 != 0x20 && $0 != 0x09 } ?? start - 1
        return Array(bytes[start..<max(end + 1, start)])
    }
}
