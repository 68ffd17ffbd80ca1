import Operations
import Raster
import Testing

@Test func `a quantile level parts the given share of pixels`() throws {
    let image = Image<UInt8>(width: 10, height: 10, pixels: (0..<100).map { UInt8($0 * 2) })
    let level = try image.quantileLevel(0.25)
    #expect(image.mask(darkerThanOrEqual: level).area == 25)
    #expect(try image.mapped { UInt16($0) }.quantileLevel(1) == 198)
    #expect(throws: OperationError.self) { try image.quantileLevel(1.5) }
    #expect(throws: OperationError.self) { try image.quantileLevel(.nan) }
    #expect(throws: OperationError.emptyImage(operation: "quantile threshold")) { try Image<UInt8>(width: 0, height: 1, pixels: []).quantileLevel(0.5) }
}
