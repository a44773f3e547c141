"""What a Modbus frame is: bytes in, frames and verdicts out. Pure; serves bus and simulator."""
