import Nodes
import Pipeline
import Raster
import Testing

@Test func `the outline lies on the object or around it, and gray pictures turn coloured for it`() throws {
    let green = BGR<UInt8>(blue: 0, green: 255, red: 0)
    guard case .color8(let inside) = try DrawnVignette.picture([(VignetteContourNode.self, [:])]), case .color8(let outside) = try DrawnVignette.picture([(VignetteContourNode.self, ["side": "outside"])])
    else { return #expect(Bool(false)) }
    for y in 0..<7 {
        for x in 0..<7 {
            let far = abs(x - 3) + abs(y - 3)
            #expect((inside[x, y] == green) == (far == 1))
            #expect((outside[x, y] == green) == (far == 2))
            if far == 0 { #expect(outside[x, y] == BGR(blue: 129, green: 129, red: 129)) }
        }
    }
}

@Test func `a wide line covers more, never beyond the picture`() throws {
    guard case .gray8(let picture) = try DrawnVignette.picture([(VignetteContourNode.self, ["side": "outside", "width": 50, "color": "000000"])]) else { return #expect(Bool(false)) }
    #expect(picture.withBuffer { $0.filter { $0 != 0 }.count } == 5)
}
