import JSON
import Testing

struct JSONErrorTests {
    @Test func anErrorNamesTheRuleAndTheOffsetAndNothingOfTheText() {
        let text = #"{"password":"hunter2","password":"hunter3"}"#
        let error = #expect(throws: JSONError.duplicateName(offset: 22)) { try JSON.parse(Array(text.utf8)) }
        #expect(error?.description == "JSON object repeats a member name at offset 22")
    }

    @Test func everyErrorHasItsOwnWords() {
        let errors: [JSONError] = [
            .unexpectedEnd(offset: 1), .unexpectedByte(offset: 1), .trailingBytes(offset: 1), .invalidUTF8(offset: 1),
            .controlCharacter(offset: 1), .invalidEscape(offset: 1), .loneSurrogate(offset: 1),
            .invalidNumber(offset: 1), .duplicateName(offset: 1), .tooDeep(offset: 1),
        ]
        #expect(Set(errors.map(\.description)).count == errors.count)
    }
}
