"""What a query says, found cheaply and without the network; encoders turn its text into a vector."""
