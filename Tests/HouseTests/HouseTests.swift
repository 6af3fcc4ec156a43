import Testing

/// The reader of import lines is what the floors rest on.
struct HouseReadingTests {
    @Test func everyFormOfImportIsSeen() {
        let text = """
            import A
            package import B
            @preconcurrency private import C
            import struct D.E
              internal import func F.g
            // import H
            let important = 1
            important.import
            """
        let imports = SwiftFile(path: "x", text: text).imports
        #expect(imports.map(\.module) == ["A", "B", "C", "D", "F"])
        #expect(imports.map(\.access) == ["", "package", "private", "", "internal"])
        #expect(imports.map(\.number) == [1, 2, 3, 4, 5])
    }

    @Test func aFolderThatIsNotThereIsAFailure() {
        #expect(throws: House.NoSuchFolder.self) { try House().swiftFiles("Sources/Nowhere") }
        #expect(throws: House.NoSuchFolder.self) { try House(filePath: "/a/b/c/d.swift").swiftFiles("Sources") }
    }
}
