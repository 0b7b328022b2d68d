// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice The cheat codes of forge that these tests and scripts use, under the names and types forge gives them.
interface Vm {
    struct Gas {
        uint64 gasLimit;
        uint64 gasTotalUsed;
        uint64 gasMemoryUsed;
        int64 gasRefunded;
        uint64 gasRemaining;
    }

    struct Log {
        bytes32[] topics;
        bytes data;
        address emitter;
    }

    function assume(bool condition) external;
    function prank(address caller) external;
    function deal(address account, uint256 balance) external;
    function warp(uint256 timestamp) external;
    function expectRevert(bytes calldata revertData) external;
    function expectEmit(address emitter) external;
    function recordLogs() external;
    function getRecordedLogs() external returns (Log[] memory);
    function lastCallGas() external returns (Gas memory);

    function assertTrue(bool condition, string calldata message) external;
    function assertFalse(bool condition, string calldata message) external;
    function assertEq(uint256 left, uint256 right, string calldata message) external;
    function assertEq(bytes32 left, bytes32 right, string calldata message) external;
    function assertEq(address left, address right, string calldata message) external;
    function assertLe(uint256 left, uint256 right, string calldata message) external;

    function readFile(string calldata path) external returns (string memory);
    function parseJsonTypeArray(string calldata json, string calldata key, string calldata typeDescription)
        external
        returns (bytes memory);

    function envString(string calldata name) external returns (string memory);
    function envAddress(string calldata name) external returns (address);
    function startBroadcast() external;
    function stopBroadcast() external;
}

/// @dev Forge answers calls to this address itself.
Vm constant VM = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));
