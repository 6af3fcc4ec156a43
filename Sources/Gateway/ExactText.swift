extension String {
    /// Whether both are the same bytes. `==` also takes other spellings of the same characters (canonical equivalence).
    func isExactly(_ other: String) -> Bool { self.utf8.elementsEqual(other.utf8) }
}
