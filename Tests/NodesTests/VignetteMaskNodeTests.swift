import Nodes
import Pipeline
import Raster
import Testing

@Test func `the mask takes the picture's place, also above a strip that was added before`() throws {
    guard case .gray8(let picture) = try DrawnVignette.picture([(VignetteMaskNode.self, [:])]) else { return #expect(Bool(false)) }
    for y in 0..<7 { for x in 0..<7 { #expect(picture[x, y] == (abs(x - 3) + abs(y - 3) <= 1 ? 255 : 0)) } }
    guard case .color8(let colored) = try DrawnVignette.picture([(VignetteScaleBarNode.self, [:]), (VignetteMaskNode.self, ["foreground": "0000FF"])]) else { return #expect(Bool(false)) }
    #expect(colored.height == 7 + 31 && colored.withBuffer { $0.filter { $0 == BGR(blue: 255, green: 0, red: 0) }.count } == 5)
}
