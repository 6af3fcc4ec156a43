import Access
import Command
import Testing

struct FieldGamesTests {
    /// A name that we would pass on would accuse every good deployment.
    @Test(arguments: FieldGames.identityNames)
    func everySpellingOfAnIdentityIsReserved(_ name: String) {
        for spelling in FieldGames.spellings {
            let fields = spelling.spell((name, "x"))
            #expect(!fields.isEmpty)
            for field in fields where field.name != "X-Doctor" && !field.name.hasSuffix(" ") {
                #expect(IdentityFields.isReserved(field.name), "\(field.name)")
            }
        }
    }

    @Test func spellingsDiffer() {
        let spelt = FieldGames.spellings.map { spelling in
            spelling.spell(("X-Forwarded-User", "v")).map { "\($0.name):\($0.value)" }.joined(separator: "|")
                + "\(spelling.isNamedInConnection)"
        }
        #expect(Set(spelt).count == spelt.count)
        #expect(spelt.contains("X_Forwarded_User:vfalse"))
        #expect(spelt.contains("X-Forwarded_User:vfalse"))
    }

    @Test func diversionsNameWhereTheyLead() {
        let fields = FieldGames.diversions(to: "/open", elsewhere: "e.invalid")
        #expect(fields.contains { $0.name == "X-Original-URL" && $0.value == "/open" })
        #expect(fields.contains { $0.name == "X-Forwarded-Host" && $0.value == "e.invalid" })
    }
}
