import Nodes
import Pipeline
import Raster
import Testing

@Test func `by default half of the background is white, padding is the regions', and the frame's edge cuts it`() throws {
    guard case .gray8(let picture) = try DrawnVignette.picture([(VignetteFadeNode.self, [:])], padding: 6) else { return #expect(Bool(false)) }
    // Rows −1 to 13 of which 0 to 11 exist; columns 2 to 16.
    #expect(picture.width == 15 && picture.height == 12)
    for y in 0..<12 {
        for x in 0..<15 {
            let level = DrawnVignette.frame[x + 2, y]
            #expect(picture[x, y] == (DrawnVignette.cross.contains(x: x + 2, y: y) ? level : UInt8(127.5 + 0.5 * Double(level))))
        }
    }
}

@Test func `a colour that is none is refused with what it must be`() {
    for wrong in ["white", "#FFFFFF", "FFFFF", "+FFFFF", ""] as [JSONValue] {
        do throws(ConfigurationError) {
            _ = try NodeClass(VignetteFadeNode.self).make(["color": wrong])
            Issue.record("\(wrong) was taken")
        } catch {
            #expect(error.problems == ["color is \(wrong) but must be a colour as RRGGBB, two hexadecimal digits for red, green and blue"])
        }
    }
    #expect(NodeClass(VignetteFadeNode.self).defaults == ["alpha": 0.5, "color": "FFFFFF"])
}
