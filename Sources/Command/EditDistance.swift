/// How far one word is from another, to guess what a misspelt name was meant to be.
package enum EditDistance {
    /// Longer words are not compared: no name of ours is as long, and the work grows with the square.
    private static let longest = 64

    /// The fewest insertions, deletions, replacements and swaps of neighbours that turn one word into the other
    /// (optimal string alignment), on bytes, without regard to ASCII case.
    package static func between(_ first: String, _ second: String) -> Int {
        let first = first.utf8.map(folded)
        let second = second.utf8.map(folded)
        var beforePrevious: [Int] = []
        var previous = Array(0...second.count)
        for row in 0..<first.count {
            var current = [row + 1]
            for column in 0..<second.count {
                let replaced = previous[column] + (first[row] == second[column] ? 0 : 1)
                var least = min(replaced, previous[column + 1] + 1, current[column] + 1)
                if row > 0, column > 0, first[row] == second[column - 1], first[row - 1] == second[column] {
                    least = min(least, beforePrevious[column - 1] + 1)
                }
                current.append(least)
            }
            beforePrevious = previous
            previous = current
        }
        return previous[second.count]
    }

    /// The word that is nearest, if one is near: no more than a third of its letters differ. The first of equals.
    package static func nearest(to word: String, among words: [String]) -> String? {
        guard (1...self.longest).contains(word.utf8.count) else { return nil }
        var nearest: (word: String, distance: Int)?
        for candidate in words where candidate.utf8.count <= self.longest {
            let distance = self.between(word, candidate)
            guard distance <= max(1, candidate.utf8.count / 3), distance < nearest?.distance ?? .max else { continue }
            nearest = (candidate, distance)
        }
        return nearest?.word
    }

    private static func folded(_ byte: UInt8) -> UInt8 {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
    }
}
