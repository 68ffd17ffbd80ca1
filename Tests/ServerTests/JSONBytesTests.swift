import Foundation
import Pipeline
import Server
import Testing

@Test func `JSON is written as Foundation writes it`() throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let numbers = [0, 1, -1, 0.5, -0.5, 12.5, 1e14, 0.1, -2.25, 1e300, 5e-324, 1e-7, 3.0000000001, -17, 499_999_999_999_999.5]
    let value: JSONValue = [
        "numbers": .array(numbers.map { .number($0) }), "empty": [:], "none": [], "b": true, "a": false, "null": .null,
        "text \"quoted\" \\ / \n\t\r\u{1}\u{1f}": "Ünïcode 🦐 </script>", "nested": [["x": [1, [2]]]],
    ]
    let (own, foundation) = (String(decoding: value.encoded(), as: UTF8.self), String(decoding: try encoder.encode(value), as: UTF8.self))
    #expect(own == foundation, "\(own)\n\(foundation)")
    #expect(String(decoding: JSONValue.array([.number(.infinity), .number(.nan)]).encoded(), as: UTF8.self) == "[null,null]")
}
